// A writer of cpio archives in the "newc" format, which is what Linux unpacks as an initramfs
// (Documentation/driver-api/early-userspace/buffer-format.rst).
//
//   header: "070701" + 13 fields of 8 hex digits | name NUL | pad to 4 | data | pad to 4
//
// Owner is always root and the time always SOURCE_DATE_EPOCH. Hard links are not written.

import { SOURCE_DATE_EPOCH } from "./cache.mjs";

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

/** Collects entries, then `bytes()`; parent folders are added by themselves. */
export class CpioWriter {
  #parts = [];
  #names = new Set();

  directory(name, mode = 0o755) {
    if (this.#names.has(name)) return;
    this.#parentOf(name);
    this.#entry(name, S_IFDIR | mode, Buffer.alloc(0), 2);
  }

  file(name, data, mode = 0o644) {
    this.#parentOf(name);
    this.#entry(name, S_IFREG | mode, Buffer.from(data), 1);
  }

  symlink(name, target) {
    this.#parentOf(name);
    this.#entry(name, S_IFLNK | 0o777, Buffer.from(target), 1);
  }

  charDevice(name, major, minor, mode = 0o600) {
    this.#parentOf(name);
    this.#entry(name, S_IFCHR | mode, Buffer.alloc(0), 1, major, minor);
  }

  bytes() {
    const trailer = this.#header("TRAILER!!!", 0, 0, 1, 0, 0, 0);
    const whole = Buffer.concat([...this.#parts, trailer]);
    return Buffer.concat([whole, Buffer.alloc(-whole.length & 511)]);
  }

  #parentOf(name) {
    const slash = name.lastIndexOf("/");
    if (slash > 0) this.directory(name.slice(0, slash));
  }

  #entry(name, mode, data, links, major = 0, minor = 0) {
    if (this.#names.has(name)) throw new Error(`cpio: ${name} is there twice`);
    this.#names.add(name);
    const inode = this.#names.size;
    this.#parts.push(this.#header(name, inode, mode, links, data.length, major, minor));
    this.#parts.push(data, Buffer.alloc(-data.length & 3));
  }

  #header(name, inode, mode, links, size, major, minor) {
    const mtime = inode === 0 ? 0 : SOURCE_DATE_EPOCH;
    const nameSize = Buffer.byteLength(name) + 1;
    const fields = [inode, mode, 0, 0, links, mtime, size, 0, 0, major, minor, nameSize, 0];
    const hex = fields.map((field) => field.toString(16).padStart(8, "0")).join("");
    const head = Buffer.from(`070701${hex}${name}\0`);
    return Buffer.concat([head, Buffer.alloc(-head.length & 3)]);
  }
}
