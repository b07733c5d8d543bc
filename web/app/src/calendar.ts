/** The next due date as a calendar file (RFC 5545): an all-day event, with an alarm a week and a day before. */

/** The text of the file. `stamp` is an instant, ISO 8601. */
export function calendarFile(due: string, title: string, receipt: string, stamp: string): string {
  const date = due.replaceAll("-", "");
  const after = new Date(Date.parse(`${due}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10).replaceAll("-", "");
  const alarm = (before: string): string[] => ["BEGIN:VALARM", "ACTION:DISPLAY", `DESCRIPTION:${title}`, `TRIGGER:-${before}`, "END:VALARM"];
  return [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//90-day reporting//EN",
    "BEGIN:VEVENT",
    `UID:${receipt}@90-day-reporting`,
    `DTSTAMP:${stamp.replace(/[-:]|\.\d+/g, "")}`,
    `DTSTART;VALUE=DATE:${date}`,
    `DTEND;VALUE=DATE:${after}`,
    `SUMMARY:${title}`,
    ...alarm("P7D"),
    ...alarm("P1D"),
    "END:VEVENT",
    "END:VCALENDAR",
    "",
  ].join("\r\n");
}
