// Makes a Debian root file system out of unpacked packages, without running anything of them: no
// root, no chroot, no maintainer scripts. What those scripts would have done and a booting system
// needs is done here: merged /usr, users and groups, alternatives, the linker's cache.
//
// Not done, and not missed by a live system: the package database, debconf, hwdb.bin (udev then
// knows no marketing names), initramfs hooks, documentation and manual pages.

import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run, SetupError, toolPath } from "./cache.mjs";

/** Packages of the closure that only serve installing packages. */
const NOT_UNPACKED = [
  "adduser",
  "debconf",
  "dpkg",
  "init-system-helpers",
  "perl-base",
  "usr-is-merged",
];

// biome-ignore format: one place per line
const NOT_NEEDED = [
  "./usr/share/doc", "./usr/share/man", "./usr/share/info", "./usr/share/locale", "./usr/share/lintian", "./usr/share/bug",
  "./usr/share/bash-completion", "./usr/share/zsh", "./usr/share/debconf", "./usr/share/polkit-1",
  "./usr/lib/x86_64-linux-gnu/gconv", "./usr/lib/x86_64-linux-gnu/perl-base",
  "./etc/cron.daily", "./etc/cron.d", "./etc/init.d", "./etc/update-motd.d", "./etc/pam.d/login",
  "./usr/lib/udev/rules.d/85-hwclock.rules", "./lib/udev/rules.d/85-hwclock.rules",
];

const ALTERNATIVES = {
  "usr/bin/awk": "mawk",
  "usr/bin/pager": "less",
  "usr/bin/editor": "nano",
  "usr/bin/vi": "vim.tiny",
};

/** `dpkg-deb --fsys-tarfile DEB | tar -x`: tar, so that files land behind the /usr symlinks. */
function unpack(deb, root) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: toolPath, LC_ALL: "C" };
    const source = spawn("dpkg-deb", ["--fsys-tarfile", deb], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const places = NOT_NEEDED.map((place) => `--exclude=${place}`);
    const options = [
      "-x",
      "--keep-directory-symlink",
      "--no-same-owner",
      "-p",
      ...places,
      "-f",
      "-",
      "-C",
      root,
    ];
    const target = spawn("tar", options, { env, stdio: ["pipe", "inherit", "inherit"] });
    source.stdout.pipe(target.stdin);
    target.stdin.on("error", () => {});
    for (const child of [source, target]) child.on("error", reject);
    target.on("close", (code) =>
      code === 0 ? resolve() : reject(new SetupError(`cannot unpack ${deb}`)),
    );
  });
}

function mergeUsr(root) {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    mkdirSync(join(root, "usr", name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
}

/** Lines `u NAME ID "Description" HOME SHELL` and `g NAME ID` of sysusers.d(5); `m` adds to a group. */
function readSysusers(root) {
  const dir = join(root, "usr/lib/sysusers.d");
  const files = existsSync(dir) ? readdirSync(dir).sort() : [];
  const lines = files.flatMap((file) => readFileSync(join(dir, file), "utf8").split("\n"));
  return lines
    .filter((line) => /^[ugm]\s/.test(line))
    .map((line) => line.match(/"[^"]*"|\S+/g).map((word) => word.replaceAll('"', "")));
}

/** /etc/passwd, group, shadow and gshadow: Debian's fixed part, then what packages ask for. */
function writeUsers(root, extraUsers) {
  const master = (name) =>
    readFileSync(join(root, "usr/share/base-passwd", `${name}.master`), "utf8");
  const users = master("passwd").trim().split("\n");
  const groups = master("group").trim().split("\n");
  const has = (list, name) => list.some((line) => line.startsWith(`${name}:`));
  let nextId = 999;
  const addGroup = (name, id) => {
    if (!has(groups, name)) groups.push(`${name}:x:${id}:`);
  };
  for (const [kind, name, id, description, home, shell] of [...readSysusers(root), ...extraUsers]) {
    if (kind === "m") continue;
    const number = /^\d+$/.test(id ?? "-") ? id : nextId--;
    addGroup(name, number);
    if (kind !== "u" || has(users, name)) continue;
    const place = home && home !== "-" ? home : "/";
    users.push(
      `${name}:x:${number}:${number}:${description ?? ""}:${place}:${shell ?? "/usr/sbin/nologin"}`,
    );
  }
  const open = users.map((line) => line.replace(/^([^:]*):\*:/, "$1:x:"));
  const names = (list) => list.map((line) => line.slice(0, line.indexOf(":")));
  const shadow = names(users).map(
    (name) => `${name}:${name === "root" ? "" : "!*"}:20000:0:99999:7:::`,
  );
  const files = {
    passwd: open,
    group: groups.map((line) => line.replace(/^([^:]*):\*:/, "$1:x:")),
    shadow,
    gshadow: names(groups).map((name) => `${name}:*::`),
  };
  for (const [name, lines] of Object.entries(files)) {
    const mode = name.includes("shadow") ? 0o600 : 0o644;
    writeFileSync(join(root, "etc", name), `${lines.join("\n")}\n`, { mode });
  }
}

/**
 * Unpacks `debs` into `root` and makes it bootable. `overlay` is a folder that is copied over it at
 * the end; `machineId` is its /etc/machine-id; `extraUsers` are lines as in sysusers.d.
 */
export async function buildRootfs(root, { debs, overlay, machineId, extraUsers = [] }) {
  mergeUsr(root);
  const isWanted = (deb) =>
    !NOT_UNPACKED.some((name) => deb.split("/").at(-1).startsWith(`${name}_`));
  for (const deb of debs.filter(isWanted)) await unpack(deb, root);
  writeUsers(root, extraUsers);
  for (const [name, target] of Object.entries(ALTERNATIVES)) {
    if (!existsSync(join(root, name))) symlinkSync(target, join(root, name));
  }
  for (const place of ["dev", "proc", "sys", "run", "tmp", "root", "mnt"])
    mkdirSync(join(root, place), { recursive: true });
  if (overlay !== undefined) cpSync(overlay, root, { recursive: true });
  writeFileSync(join(root, "etc/machine-id"), `${machineId}\n`);
  rmSync(join(root, "etc/mtab"), { force: true });
  symlinkSync("../proc/self/mounts", join(root, "etc/mtab"));
  // systemd compares these with /usr to see whether caches have to be built: they have not.
  for (const name of ["etc/.updated", "var/.updated"]) writeFileSync(join(root, name), "");
  await run("ldconfig", ["-r", root]);
  rmSync(join(root, "var/cache/ldconfig"), { recursive: true, force: true }); // inode numbers of this machine
}
