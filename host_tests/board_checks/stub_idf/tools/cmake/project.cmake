# Stands in for ESP-IDF's file of this name. MicroPython's own CMakeLists.txt of the esp32 port runs
# unchanged up to `project()`; what it has collected by then is written to evaluation.json. Then a host
# program is linked as ESP-IDF links the firmware: the board's own sources in one archive, mbedTLS in
# another, and the link options that the board's files have set for the directory.
#
# PROBE_DIR holds probe.c; PROBE_MBEDTLS the names of mbedTLS' sources in PROBE_MBEDTLS_DIR.

function(json_list out)
    set(text "")
    foreach(item IN LISTS ARGN)
        string(REPLACE "\\" "\\\\" item "${item}")
        string(REPLACE "\"" "\\\"" item "${item}")
        string(APPEND text ",\"${item}\"")
    endforeach()
    string(REGEX REPLACE "^," "" text "${text}")
    set(${out} "[${text}]" PARENT_SCOPE)
endfunction()

# MicroPython names its lock file of components with it from 1.26 on.
function(idf_build_set_property)
endfunction()

macro(project name)
    _project(${name} C)

    get_directory_property(LINK_OPTIONS_OF_BOARD LINK_OPTIONS)
    set(EVALUATION "")
    foreach(variable IDF_TARGET MICROPY_BOARD MICROPY_FROZEN_MANIFEST MICROPY_DEF_BOARD
            MICROPY_SOURCE_BOARD LINK_OPTIONS_OF_BOARD)
        json_list(VALUE ${${variable}})
        string(APPEND EVALUATION ",\n \"${variable}\": ${VALUE}")
    endforeach()
    string(REGEX REPLACE "^," "" EVALUATION "${EVALUATION}")
    file(WRITE ${CMAKE_BINARY_DIR}/evaluation.json "{${EVALUATION}\n}\n")

    get_filename_component(MICROPY_DIR ${CMAKE_SOURCE_DIR}/../.. ABSOLUTE)
    set(MBEDTLS ${PROBE_MBEDTLS_DIR})
    list(TRANSFORM PROBE_MBEDTLS PREPEND ${MBEDTLS}/library/ OUTPUT_VARIABLE MBEDTLS_SOURCES)
    add_library(mbedcrypto STATIC ${MBEDTLS_SOURCES})
    target_include_directories(mbedcrypto PUBLIC ${MBEDTLS}/include ${PROBE_DIR}/include)
    target_compile_definitions(mbedcrypto PUBLIC MBEDTLS_CONFIG_FILE="probe_mbedtls_config.h")

    add_library(main STATIC ${MICROPY_SOURCE_BOARD})
    target_include_directories(main PRIVATE ${PROBE_DIR}/include ${MICROPY_DIR})
    target_compile_definitions(main PRIVATE ${MICROPY_DEF_BOARD})
    target_link_libraries(main mbedcrypto)

    add_executable(probe ${PROBE_DIR}/probe.c)
    target_link_libraries(probe main mbedcrypto)
endmacro()
