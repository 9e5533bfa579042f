# The port's sdkconfig fragments: releases of MicroPython have moved, renamed and dropped some.

# Appends the first of these fragments that the port has. Without any, the build stops: it would
# otherwise make a firmware that lacks, for example, the PSRAM.
macro(iotsafe_one_of)
    set(IOTSAFE_FOUND "")
    foreach(IOTSAFE_NAME ${ARGN})
        if(NOT IOTSAFE_FOUND AND EXISTS ${CMAKE_SOURCE_DIR}/boards/${IOTSAFE_NAME})
            set(IOTSAFE_FOUND boards/${IOTSAFE_NAME})
        endif()
    endforeach()
    if(NOT IOTSAFE_FOUND)
        message(FATAL_ERROR "${CMAKE_SOURCE_DIR}/boards has none of ${ARGN}: "
            "boards/esp32_common does not know this release of MicroPython")
    endif()
    list(APPEND SDKCONFIG_DEFAULTS ${IOTSAFE_FOUND})
endmacro()

# Appends the fragment if the port has it: where it is missing, the port does without it.
macro(iotsafe_optional name)
    if(EXISTS ${CMAKE_SOURCE_DIR}/boards/${name})
        list(APPEND SDKCONFIG_DEFAULTS boards/${name})
    endif()
endmacro()
