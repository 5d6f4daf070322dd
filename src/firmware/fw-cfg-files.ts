/**
 * Everything the board tells firmware through fw_cfg: the items and files that QEMU's q35 provides and
 * SeaBIOS reads (src/fw/paravirt.c there names them all).
 */
import { ByteWriter, latin1, le16, le32 } from "../base/bytes";
import {
  FW_CFG_ARCH_LOCAL,
  FW_CFG_BOOT_DEVICE,
  FW_CFG_BOOT_MENU,
  FW_CFG_MAX_CPUS,
  FW_CFG_NB_CPUS,
  FW_CFG_NOGRAPHIC,
  FW_CFG_RAM_SIZE,
  FW_CFG_UUID,
  type FwCfg,
} from "../devices/fw-cfg";
import type { AcpiTables } from "./acpi-tables";
import { packE820, ramMap } from "./e820";
import type { SmbiosTables } from "./smbios";
import { LOADER_FILE, RSDP_FILE, TABLES_FILE, tableLoader } from "./table-loader";

/** Item of QEMU's pc boards: the timer interrupt arrives at I/O APIC pin 2. */
const FW_CFG_IRQ0_OVERRIDE = FW_CFG_ARCH_LOCAL + 2;

export interface FirmwareConfig {
  ramLow: number;
  ramHigh: number;
  cpuCount: number;
  /** `-boot order=`. */
  bootOrder: string;
  /** `-boot menu=on`. */
  hasBootMenu: boolean;
  /** `-boot splash-time=`, in milliseconds. */
  bootMenuWaitMs?: number;
  /** `-boot reboot-timeout=`, in milliseconds; -1: stay. */
  bootFailWaitMs?: number;
  /** OpenFirmware paths in the order to try, from `bootindex=`. */
  bootDevices: string[];
  /** No display: firmware talks on the serial port. */
  isNographic: boolean;
  acpi: AcpiTables;
  smbios: SmbiosTables;
}

export function fillFwCfg(fwCfg: FwCfg, config: FirmwareConfig): void {
  const { acpi, smbios } = config;
  fwCfg.setItem(FW_CFG_UUID, new Uint8Array(16));
  fwCfg.setItem(FW_CFG_RAM_SIZE, new ByteWriter().u64(config.ramLow + config.ramHigh).take());
  fwCfg.setU16(FW_CFG_NOGRAPHIC, config.isNographic ? 1 : 0);
  fwCfg.setU16(FW_CFG_NB_CPUS, config.cpuCount);
  fwCfg.setU16(FW_CFG_MAX_CPUS, config.cpuCount);
  fwCfg.setU16(FW_CFG_BOOT_DEVICE, config.bootOrder.charCodeAt(0) || 0);
  fwCfg.setU16(FW_CFG_BOOT_MENU, config.hasBootMenu ? 1 : 0);
  fwCfg.setU32(FW_CFG_IRQ0_OVERRIDE, 1);

  fwCfg.setFile("etc/e820", packE820(ramMap(config.ramLow, config.ramHigh)));
  fwCfg.setFile(TABLES_FILE, acpi.blob);
  fwCfg.setFile(RSDP_FILE, acpi.rsdp);
  fwCfg.setFile(LOADER_FILE, tableLoader(acpi));
  fwCfg.setFile("etc/smbios/smbios-anchor", smbios.anchor);
  fwCfg.setFile("etc/smbios/smbios-tables", smbios.tables);
  // By sleep state: bit 7 offered, low bits its SLP_TYP. S4 is not offered.
  fwCfg.setFile("etc/system-states", new Uint8Array([128, 0, 0, 129, 2, 128]));
  // Consoles in text mode need the VGA BIOS after S3; drivers of the chip do not mind.
  fwCfg.setFile("etc/s3-resume-vga-init", new ByteWriter().u64(1).take());
  if (config.bootDevices.length > 0) {
    fwCfg.setFile("bootorder", latin1(config.bootDevices.join("\n"), true));
  }
  if (config.bootMenuWaitMs !== undefined) {
    fwCfg.setFile("etc/boot-menu-wait", le16(config.bootMenuWaitMs));
  }
  if (config.bootFailWaitMs !== undefined) {
    fwCfg.setFile("etc/boot-fail-wait", le32(config.bootFailWaitMs));
  }
}
