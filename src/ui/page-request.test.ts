import { describe, expect, it } from "vitest";
import { PageRequest, type Presets } from "./page-request";

const presets: Presets = {
  tiny: {
    title: "Tiny",
    text: "",
    size: 1,
    config: { kernel: "k", initrd: "i", append: "quiet", m: "256M" },
  },
};

function read(query: string): PageRequest {
  const { request, problem } = PageRequest.read(new URLSearchParams(query), presets);
  if (problem) throw new Error(problem);
  return request;
}

const problemOf = (query: string) => PageRequest.read(new URLSearchParams(query), presets).problem;

describe("the address of the page", () => {
  it("starts a preset whose options can be replaced one by one", () => {
    const config = read("vm=tiny&m=1G&cmdline=single").config();
    expect(config).toMatchObject({ kernel: "k", initrd: "i", append: "single", memory: 2 ** 30 });
  });

  it("is not complete without something to boot", () => {
    expect(read("m=1G").isComplete).toBe(false);
    expect(read("vm=tiny").isComplete).toBe(true);
    expect(read("iso=https://example.org/a.iso").isComplete).toBe(true);
  });

  it("gives one sentence for what cannot be used, and then nothing of it", () => {
    expect(problemOf("vm=other")).toBe('There is no built-in machine "other": there is tiny.');
    expect(problemOf("m=-1")).toBe('-m is a size such as 512M or 2G, not "-1".');
    expect(problemOf("colour=red")).toMatch(/^The address has "colour"/);
    expect(
      PageRequest.read(new URLSearchParams("vm=tiny&m=0"), presets).request.presetName,
    ).toBeUndefined();
  });

  it("does not take names of Object for presets", () => {
    expect(problemOf("vm=constructor")).toMatch(/^There is no built-in machine/);
  });

  it("comes back as it was, by the options' own names", () => {
    expect(read("vm=tiny&m=1G&cmdline=a b").query().toString()).toBe("vm=tiny&m=1G&append=a+b");
  });
});

describe("a choice on the page", () => {
  const file = new File(["x"], "my disc.iso");

  it("of a disc boots it instead of the preset, and stays out of the address", () => {
    const request = read("vm=tiny&m=1G");
    request.chooseDisc(file);
    expect(request.config().drives).toMatchObject([
      { file: "my disc.iso", media: "cdrom", readOnly: true },
    ]);
    expect(request.config().kernel).toBe("");
    expect(request.query().toString()).toBe("m=1G");
    expect(request.localFiles).toEqual(["my disc.iso"]);
    expect(request.title).toBe("my disc.iso");
  });

  it("of another disc replaces the first, whatever the address called it", () => {
    const request = read("iso=https://example.org/a.iso");
    request.chooseDisc(file);
    expect(request.config().drives).toHaveLength(1);
  });

  it("keeps the order in which options have to come", () => {
    const request = read("m=1G");
    request.set("device", ["ide-hd,drive=a"]);
    request.set("drive", ["file=a.img,id=a,if=none"]);
    expect(request.config().drives[0]).toMatchObject({ id: "a", interface: "ide", media: "disk" });
  });

  it("leaves an empty CD-ROM drive to put discs into, unless nothing is wanted by default", () => {
    expect(read("vm=tiny").config().drives).toMatchObject([{ file: "", media: "cdrom" }]);
    expect(read("vm=tiny&nodefaults=on").config().drives).toEqual([]);
  });
});
