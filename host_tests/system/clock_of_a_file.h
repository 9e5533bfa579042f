/* For conditions/other_day.c: the shift is what the file `clock` in the working folder says, so
 * that a program can set its own clock. */
#include <stdio.h>

static long shift(void)
{
    long seconds = 0;
    FILE *file = fopen("clock", "r");
    if (file) {
        if (fscanf(file, "%ld", &seconds) != 1)
            seconds = 0;
        fclose(file);
    }
    return seconds;
}
