/**
 * The memory map of the machine: one shared WebAssembly.Memory, allocated once.
 *
 *   0000_0000  never mapped: a null pointer of the core faults in tests, not in the guest
 *   0000_1000  core constants (AssemblyScript data segments; read-only by convention, because
 *              every instantiation writes them again)
 *   0008_0000  Machine: run state, memory map, clock, doorbells      asm/machine.ts
 *   0009_0000  irqchip: PIC, I/O APIC, PIT, HPET, PM timer           asm/irqchip/
 *   000A_0000  VGA registers and the scanout description             shared with src/devices/vga.ts
 *   000B_0000  port classes: one byte per I/O port                   PORT_CLASS_*
 *   000C_0000  port shadows: one byte per I/O port, read without leaving the core
 *   000D_0000  completions of disk requests, disk worker -> device worker   src/block/disk-ring.ts
 *   0040_0000  code map: one u32 per 4 KiB page of this memory, a bit per 128-byte granule
 *              that holds decoded code
 *   0100_0000  vCPU blocks, VCPU_STRIDE apart                        see VCPU_*
 *   1100_0000  ROM: firmware image, ending at ROM + ROM_SIZE
 *   1200_0000  VRAM
 *   1800_0000  guest RAM: gpa 0 up to the PCI hole, then gpa 4 GiB upward
 *
 * Mutable state never lives in AssemblyScript globals. src/shared/layout.ts is generated from this
 * file by scripts/layout.mjs: every line is `export const NAME: u32 = expression;`.
 */

export const PAGE_SIZE: u32 = 4096;

export const CORE_DATA: u32 = 0x0000_1000;
export const MACHINE: u32 = 0x0008_0000;
export const IRQCHIP: u32 = 0x0009_0000;
export const VGA_SHARED: u32 = 0x000a_0000;
export const PORT_CLASS: u32 = 0x000b_0000;
export const PORT_SHADOW: u32 = 0x000c_0000;
export const DISK_RING: u32 = 0x000d_0000;
export const DISK_RING_SIZE: u32 = 0x1_0000;
export const CODE_MAP: u32 = 0x0040_0000;

export const VCPU: u32 = 0x0100_0000;
export const VCPU_STRIDE: u32 = 0x0200_0000;
export const VCPU_MAX: u32 = 8;

/** Offsets inside one vCPU block. */
export const VCPU_XMM: u32 = 0x0800; // 16 registers, 64 bytes apart (room for ZMM)
export const VCPU_FPR: u32 = 0x0c00; // 8 physical x87 registers, 16 bytes apart: u64 significand, u16 sign+exponent
export const VCPU_TRANSFER: u32 = 0x0d00; // scratch of a far transfer or task switch, 256 bytes, see cpu/transfer.ts
export const VCPU_WIDE: u32 = 0x0e00; // scratch of the x87 functions, 512 bytes, see softfloat/wide.ts
export const VCPU_LAPIC: u32 = 0x1000; // local APIC registers, 1 KiB
export const VCPU_MC: u32 = 0x1400; // machine-check banks: u64 address, u64 miscellaneous each, see cpu/msr.ts
export const VCPU_MAILBOX: u32 = 0x2000; // synchronous device access, see asm/bus.ts
export const VCPU_RING: u32 = 0x4000; // posted device writes: VCPU_RING_ENTRIES × 16 bytes
export const VCPU_RING_ENTRIES: u32 = 1024;
export const VCPU_SCRATCH: u32 = 0x1_0000; // instruction bytes and decode scratch, 64 KiB
export const VCPU_TLB: u32 = 0x2_0000; // 4096 entries × 32 bytes
export const VCPU_JUMP_CACHE: u32 = 0x4_0000; // 8192 entries × 16 bytes
export const VCPU_BLOCK_HASH: u32 = 0x6_0000; // 65536 × u32
export const VCPU_PAGE_BLOCKS: u32 = 0x40_0000; // per 4 KiB page of this memory: first block decoded from it
export const VCPU_BLOCKS: u32 = 0x80_0000; // arena of decoded blocks
export const VCPU_BLOCKS_END: u32 = 0x200_0000;

export const ROM: u32 = 0x1100_0000;
export const ROM_SIZE: u32 = 0x0010_0000;
export const VRAM: u32 = 0x1200_0000;
export const VRAM_SIZE: u32 = 0x0100_0000;
export const RAM: u32 = 0x1800_0000;

/** Largest guest RAM one 32-bit memory can carry beside the rest, in bytes. */
export const RAM_MAX: u32 = 0xe000_0000;

/** What a port access costs: the class of each I/O port, written by the device worker's address map. */
export const PORT_CLASS_NONE: u32 = 0; // nobody: reads ones, writes vanish, nobody is asked
export const PORT_CLASS_CORE: u32 = 1; // answered inside the core (irqchip, port 80h)
export const PORT_CLASS_SYNC: u32 = 2; // mailbox both ways
export const PORT_CLASS_POSTED: u32 = 3; // writes are posted, reads go through the mailbox
export const PORT_CLASS_SHADOW: u32 = 4; // writes are posted, reads come from PORT_SHADOW

/** Mailbox request kinds; the same codes name posted ring entries. */
export const ACCESS_PORT_READ: u32 = 1;
export const ACCESS_PORT_WRITE: u32 = 2;
export const ACCESS_MMIO_READ: u32 = 3;
export const ACCESS_MMIO_WRITE: u32 = 4;

/** Mailbox states. */
export const MAIL_IDLE: u32 = 0;
export const MAIL_REQUEST: u32 = 1;
export const MAIL_REPLY: u32 = 2;
/** Reply flag: the physical memory map changed, drop every cached translation. */
export const MAIL_FLUSH: u32 = 1;

/** Run states, written by the page or the command line, obeyed by every vCPU at slice ends. */
export const RUN_PAUSED: u32 = 0;
export const RUN_RUNNING: u32 = 1;
export const RUN_STOPPED: u32 = 2;
export const RUN_RESETTING: u32 = 3; // the device worker waits for all vCPUs to stand still

/** Bits of a vCPU's `pending` word, set with an atomic OR by any thread. */
export const PENDING_INTR: u32 = 0x01; // something may be deliverable: ask the irqchip
export const PENDING_NMI: u32 = 0x02;
export const PENDING_SMI: u32 = 0x04;
export const PENDING_INIT: u32 = 0x08;
export const PENDING_SIPI: u32 = 0x10;
export const PENDING_CONTROL: u32 = 0x20; // run state changed or the host wants the slice to end
export const PENDING_CODE: u32 = 0x40; // a device wrote into pages that hold decoded code
export const PENDING_FLUSH: u32 = 0x80; // the memory map changed under this vCPU

/** Why `run` came back to the worker. */
export const EXIT_SLICE: u32 = 0; // budget used up: look at the clock and come back
export const EXIT_HALT: u32 = 1; // HLT with nothing to deliver: sleep on `pending`
export const EXIT_CONTROL: u32 = 2; // PENDING_CONTROL: read Machine.runState
export const EXIT_SHUTDOWN: u32 = 3; // triple fault

/** 64 slots of 16 KiB below 1 MiB: bits of Machine's low map (PAM and the VGA window). */
export const LOW_MAP_READ: u32 = 1; // reads hit memory at the slot's host offset
export const LOW_MAP_WRITE: u32 = 2; // writes hit guest RAM
export const LOW_MAP_VGA: u32 = 4; // the VGA window at A0000h
