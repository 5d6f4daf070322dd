/**
 * State components of the XSAVE feature set (SDM vol. 1 13.1, 13.4): which there are and where they lie in a
 * save area. CPUID leaf 0Dh states it, exec/fpu-state.ts does it.
 *
 *   standard format    0 x87 | 24 MXCSR | 160 XMM | 512 header | 576 AVX | ... | 2688 PKRU
 *   compacted format   0 x87 | 24 MXCSR | 160 XMM | 512 header | 576 those of AVX, PKRU that XCOMP_BV has, in turn
 *
 * PKRU's standard offset is that of Intel's processors, which debuggers know; the gap would be MPX and AVX-512.
 */
export const XSTATE_X87: u64 = 1 << 0;
export const XSTATE_SSE: u64 = 1 << 1;
export const XSTATE_AVX: u64 = 1 << 2;
export const XSTATE_PKRU: u64 = 1 << 9;

/** XCOMP_BV: the area is in the compacted format. 0 in its place stands for the standard format here. */
export const XCOMP_COMPACTED: u64 = 1 << 63;

export const XSAVE_HEADER: u32 = 512;
export const XSAVE_AVX: u32 = 576;
export const XSAVE_AVX_BYTES: u32 = 256;
export const XSAVE_PKRU: u32 = 2688;
export const XSAVE_PKRU_BYTES: u32 = 8;

/** Offset of PKRU in an area of this XCOMP_BV. */
export function pkruOffset(xcomp: u64): u32 {
  if (xcomp == 0) return XSAVE_PKRU;
  return (xcomp & XSTATE_AVX) != 0 ? XSAVE_AVX + XSAVE_AVX_BYTES : XSAVE_AVX;
}

/** Bytes from the start of an area to the end of its header or of the last of `components`. */
export function xsaveLength(components: u64, xcomp: u64): u32 {
  if ((components & XSTATE_PKRU) != 0) return pkruOffset(xcomp) + XSAVE_PKRU_BYTES;
  return (components & XSTATE_AVX) != 0 ? XSAVE_AVX + XSAVE_AVX_BYTES : XSAVE_HEADER + 64;
}
