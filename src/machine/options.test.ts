import { describe, expect, test } from "vitest";
import { defaultConfig, hasVga, serialPorts } from "./config";
import { OPTIONS, parseArguments, parseQuery, printArguments, printQuery } from "./options";

const parse = (line: string) => parseArguments(line.split(" ").filter((word) => word !== ""));
const MIB = 2 ** 20;

describe("values", () => {
  test("memory is in MiB unless it has a unit", () => {
    expect(parse("-m 256").memory).toBe(256 * MIB);
    expect(parse("-m 1G").memory).toBe(1024 * MIB);
    expect(parse("-m size=1.5G").memory).toBe(1536 * MIB);
  });

  test("a machine line of QEMU's is understood", () => {
    const config = parse(
      "-no-user-config -nodefaults -show-cursor -M pc-q35,usb=off,vmport=off -cpu host -rtc base=utc,driftfix=slew",
    );
    expect(config.cpu).toBe("max");
    expect(hasVga(config)).toBe(false);
    expect(serialPorts(config)).toEqual([]);
  });

  test("-cdrom and -boot d boot a CD-ROM", () => {
    const config = parse("-cdrom arch.iso -boot d");
    expect(config.drives).toMatchObject([{ file: "arch.iso", media: "cdrom", readOnly: true }]);
    expect(config.boot.order).toBe("d");
  });

  test("a doubled comma is part of the file's name", () => {
    expect(parse("-drive file=a,,b.img,format=raw").drives[0].file).toBe("a,b.img");
  });

  test("a -device takes over the drive it names", () => {
    const config = parse("-drive file=x.iso,if=none,id=cd -device ide-cd,drive=cd,bootindex=1");
    expect(config.drives[0]).toMatchObject({ interface: "ide", media: "cdrom", bootIndex: 1 });
    expect(config.devices).toEqual([]);
  });

  test("-nographic puts the serial port on standard input and output", () => {
    const config = parse("-nographic");
    expect(serialPorts(config)).toEqual(["stdio"]);
    expect(config.display).toBe("none");
  });

  test("-cpu names a model and may change its vendor", () => {
    expect(parse("-cpu max,vendor=AuthenticAMD")).toMatchObject({
      cpu: "max",
      cpuVendor: "AuthenticAMD",
    });
    expect(() => parse("-cpu max,vendor=Other")).toThrow(/vendor/);
    expect(() => parse("-cpu max,+avx")).toThrow(/comes as it is/);
  });

  test("isa-debug-exit keeps its ports", () => {
    expect(parse("-device isa-debug-exit,iobase=0xf4,iosize=0x4").devices).toEqual([
      {
        driver: "isa-debug-exit",
        properties: [
          ["iobase", "0xf4"],
          ["iosize", "0x4"],
        ],
      },
    ]);
  });
});

describe("mistakes are one sentence", () => {
  test.each([
    ["-m 8G", /too much memory: at most 3584M/],
    ["-m 1M", /too little memory/],
    ["-m lots", /a size such as 512M/],
    ["-frob", /There is no option -frob/],
    ["disk.img", /is not an option/],
    ["-m", /-m needs a value/],
    ["-smp 2", /not possible yet/],
    ["-cpu pentium", /-cpu is one of x86-64-v2/],
    ["-cpu max,+avx512f", /cannot be changed/],
    ["-M pc", /knows the machine q35/],
    ["-M q35,frob=on", /-M has no "frob"/],
    ["-boot x", /-boot order has the letters/],
    ["-drive file=a.qcow2,format=qcow2", /-drive format is raw so far/],
    ["-drive file=a,colour=red", /-drive has no "colour"/],
    ["-drive media=disk", /names no file=/],
    ["-device virtio-net-pci", /is not there yet/],
    ["-device isa-debug-exit,iobase=x", /is a number/],
    ["-device ide-cd,drive=nope", /needs drive=ID/],
    ["-serial tcp::1234", /-serial is stdio/],
    ["-rtc base=someday", /-rtc base is utc/],
    ["-initrd x", /needs a -kernel/],
    ["-vga qxl", /-vga is one of std, none/],
    ["-accel kvm", /-accel is one of interp/],
    ["-d everything", /-d is one of/],
  ])("%s", (line, message) => {
    expect(() => parse(line)).toThrow(message);
    try {
      parse(line);
    } catch (error) {
      expect((error as Error).message).toMatch(/^[^.\n]*(\.[^ \n][^.\n]*)*\.$/);
    }
  });

  test("an unknown key of the URL", () => {
    expect(() => parseQuery(new URLSearchParams("mem=1G"))).toThrow(/"mem"/);
  });
});

describe("spellings", () => {
  const line =
    "-m 256 -cpu max -boot order=dc,menu=on -cdrom a.iso -drive file=b,,c.img,id=hd,readonly=on " +
    "-device isa-debug-exit,iobase=0xf4 -kernel k -append quiet -serial stdio -serial file:x -vga none " +
    "-rtc base=2026-01-02T03:04:05 -no-reboot -name box -d guest_errors";

  test("a configuration survives the command line", () => {
    const config = parse(line);
    expect(parseArguments(printArguments(config))).toEqual(config);
  });

  test("a configuration survives the URL", () => {
    const config = parse(line);
    expect(parseQuery(new URLSearchParams(printQuery(config).toString()))).toEqual(config);
  });

  test("the default is the empty command line", () => {
    expect(printArguments(defaultConfig())).toEqual([]);
    expect(parse("")).toEqual(defaultConfig());
  });

  test("keys of the page are left alone", () => {
    expect(parseQuery(new URLSearchParams("vm=tiny&m=64"), ["vm"]).memory).toBe(64 * MIB);
  });

  test("no name means two things", () => {
    const names = OPTIONS.flatMap(({ key, aliases }) => [key, ...(aliases ?? [])]);
    expect(new Set(names).size).toBe(names.length);
  });
});
