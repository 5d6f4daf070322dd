/**
 * The form behind "Customise": one field per option of the machine that has a form entry in the table
 * (machine/options.ts), with QEMU's name beside the label. What is typed becomes part of the request at
 * once, and of the page's address; what cannot be used is told under its field.
 */
import { ConfigError } from "../machine/keyval";
import { OPTIONS, type Option } from "../machine/options";
import { chooseFiles, el } from "./dom";
import type { PageRequest } from "./page-request";

export interface CustomiseForm {
  /** Shows the values of the request. */
  fill(): void;
}

export function buildForm(
  form: HTMLFormElement,
  request: () => PageRequest,
  onChange: () => void,
): CustomiseForm {
  const fields = OPTIONS.filter((option) => option.form).map(
    (option) => new Field(option, request, onChange),
  );
  const start = el("button", { class: "primary", type: "submit" }, "Start");
  start.style.cssText = "font-size:15px;padding:9px 20px";
  const hint = el(
    "span",
    { class: "help" },
    "What you set here travels in the address of this page.",
  );
  form.replaceChildren(
    ...fields.map((field) => field.element),
    el("div", { class: "form-end" }, start, hint),
  );
  return { fill: () => fields.forEach((field) => field.fill()) };
}

class Field {
  readonly element: HTMLElement;
  private readonly control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
  private readonly problem = el("div", { class: "problem", role: "alert", hidden: true });

  constructor(
    private readonly option: Option,
    private readonly request: () => PageRequest,
    private readonly onChange: () => void,
  ) {
    const id = `option-${option.key}`;
    const { label = "", choices, isFile, isList } = option.form ?? {};
    this.control = this.makeControl(id);
    this.control.addEventListener("change", () => this.take());
    const isFlag = option.value === undefined;
    const name = el("label", { for: id }, label, el("code", {}, `-${option.key}`));
    const help = el("div", { class: "help" }, option.help);
    const isWide = isList || ["append", "kernel", "initrd"].includes(option.key);
    const input = isFlag
      ? el("div", { class: "check" }, this.control, help)
      : isFile
        ? el("div", { class: "with-button" }, this.control, this.chooseButton(label))
        : this.control;
    const rest = isFlag || choices ? [] : [help];
    this.element = el(
      "div",
      { class: isWide ? "field wide" : "field" },
      name,
      input,
      ...rest,
      this.problem,
    );
  }

  fill(): void {
    const values = this.request().values(this.option.key);
    if (this.control instanceof HTMLInputElement && this.control.type === "checkbox") {
      this.control.checked = values.some((value) => value !== "off");
    } else {
      this.control.value = values.join("\n");
    }
    this.tell(undefined);
  }

  private makeControl(id: string): HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement {
    const { value, form } = this.option;
    if (value === undefined) return el("input", { id, type: "checkbox" });
    if (form?.choices) {
      const options = form.choices.map((choice) => el("option", { value: choice }, choice));
      return el("select", { id }, el("option", { value: "" }, "default"), ...options);
    }
    if (form?.isList)
      return el("textarea", {
        id,
        rows: 1,
        placeholder: `${value}, one per line`,
        spellcheck: "false",
      });
    const placeholder = form?.isFile ? "file or address" : value;
    return el("input", {
      id,
      type: "text",
      placeholder,
      spellcheck: "false",
      autocapitalize: "off",
    });
  }

  private chooseButton(label: string): HTMLElement {
    const choose = async () => {
      const [file] = await chooseFiles("");
      if (!file) return;
      this.control.value = this.request().addFile(file);
      this.take();
    };
    return el(
      "button",
      {
        type: "button",
        class: "secondary",
        "aria-label": `Choose a file: ${label}`,
        onclick: choose,
      },
      "Choose…",
    );
  }

  private take(): void {
    const { control, option } = this;
    let values: string[];
    if (control instanceof HTMLInputElement && control.type === "checkbox")
      values = control.checked ? ["on"] : [];
    else values = control.value.split("\n").map((line) => line.trim());
    const before = this.request().values(option.key);
    this.request().set(option.key, values);
    try {
      this.request().config();
      this.tell(undefined);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.request().set(option.key, before);
      this.tell(error.message);
      return;
    }
    this.onChange();
  }

  private tell(problem: string | undefined): void {
    this.problem.textContent = problem ?? "";
    this.problem.hidden = problem === undefined;
    this.element.classList.toggle("bad", problem !== undefined);
  }
}
