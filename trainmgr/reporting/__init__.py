"""The annual report, the closing report and the evidence packs: written from the records by a job."""
