"""The text of a modem's clock, read as UTC."""


def to_time(line):
    """`yy/MM/dd,hh:mm:ss+zz` (bytes; local time, zone in quarters of an hour) -> UTC tuple of six.
    None if it is not a time, or if the modem does not know the time: its clock then starts in
    1980, 2000 or 2004."""
    try:
        year, month, day, hour, minute, second = [int(line[i : i + 2]) for i in range(0, 18, 3)]
        quarters = int(line[17:] or 0)
    except ValueError:
        return None
    if (
        24 <= year < 70
        and 1 <= month <= 12
        and 1 <= day <= month_days(year, month)
        and 0 <= hour < 24
        and 0 <= minute < 60
        and 0 <= second < 60
        and abs(quarters) <= 56
    ):
        return to_utc(2000 + year, month, day, hour, minute, second, quarters)
    return None


_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def to_utc(year, month, day, hour, minute, second, quarters):
    """Local time with its offset from UTC in quarters of an hour -> UTC tuple of six."""
    minutes = hour * 60 + minute - quarters * 15
    day += minutes // 1440
    minutes %= 1440
    if day < 1:
        month -= 1
        if month < 1:
            year, month = year - 1, 12
        day += month_days(year, month)
    elif day > month_days(year, month):
        day -= month_days(year, month)
        month += 1
        if month > 12:
            year, month = year + 1, 1
    return year, month, day, minutes // 60, minutes % 60, second


def month_days(year, month):
    return 29 if month == 2 and year % 4 == 0 else _DAYS[month - 1]
