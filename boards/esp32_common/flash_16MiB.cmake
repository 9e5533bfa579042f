# 16 MiB of flash: the file system takes what the application leaves. From MicroPython 1.26 on, the
# firmware finds that size by itself; before, the partition table states it.
list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.flash_16MiB)
if(EXISTS ${CMAKE_SOURCE_DIR}/partitions-16MiB.csv)
    list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.partitions_16MiB)
endif()
