# Same as esp32s3.cmake, for the original ESP32 with PSRAM.
include(${CMAKE_CURRENT_LIST_DIR}/port.cmake)
set(IOTSAFE_PORT_COMMON ${CMAKE_SOURCE_DIR}/boards/mpconfigboard_esp32_common.cmake)
if(EXISTS ${IOTSAFE_PORT_COMMON})
    include(${IOTSAFE_PORT_COMMON})
else()
    set(IDF_TARGET esp32)
    iotsafe_one_of(sdkconfig.base)
    iotsafe_one_of(sdkconfig.ble)
endif()
iotsafe_one_of(sdkconfig.spiram_esp32 sdkconfig.spiram)
iotsafe_one_of(sdkconfig.240mhz)

include(${CMAKE_CURRENT_LIST_DIR}/iotsafe.cmake)
