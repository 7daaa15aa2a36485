"""Attendance: who was there, who was excused, and the rates; the code on the screen that trainees scan."""
