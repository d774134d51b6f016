"""The report on a class as one HTML file that works offline."""

from workbook.grading.report.page import write_report

__all__ = ["write_report"]
