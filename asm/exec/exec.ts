/** What a handler tells the interpreter loop. */
export const EXEC_NEXT: u32 = 0; // the following instruction of the block
export const EXEC_JUMP: u32 = 1; // the block ends; continue at cpu.nextRip
export const EXEC_LEAVE: u32 = 2; // leave the loop: halted, shut down, or the host is wanted
