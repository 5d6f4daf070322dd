/** Values that the ACPI tables and the power management registers agree on. */

/** Written to the APM control port (B2h): switches ACPI on and off. */
export const APM_ACPI_ENABLE = 2;
export const APM_ACPI_DISABLE = 3;
