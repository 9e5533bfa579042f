"""The simulated modem and the simulated SIM."""
