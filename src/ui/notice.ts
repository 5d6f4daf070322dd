/** What went wrong, in a sentence, with what can be done about it as buttons. */
import { BlockError } from "../block/error";
import { BootError } from "../firmware/direct-boot";
import { ConfigError } from "../machine/keyval";
import { DiskOpenError } from "../machine/lifecycle";
import { el, icon } from "./dom";
import { ResourceError } from "./resources";

export interface NoticeAction {
  label: string;
  run: () => void;
}

export function notice(
  message: string,
  actions: NoticeAction[] = [],
  onClose?: () => void,
): HTMLElement {
  const close = () => {
    panel.remove();
    onClose?.();
  };
  const buttons = actions.map(({ label, run }) =>
    el(
      "button",
      {
        type: "button",
        class: "secondary",
        onclick: () => {
          close();
          run();
        },
      },
      label,
    ),
  );
  const panel = el(
    "div",
    { class: "notice", role: "alert" },
    el(
      "div",
      { class: "notice-body" },
      el("p", {}, message),
      el("div", { class: "notice-actions" }, ...buttons),
    ),
    el("button", { type: "button", "aria-label": "Dismiss", onclick: close }, icon("close")),
  );
  return panel;
}

const SENTENCES = [ConfigError, BootError, BlockError, DiskOpenError, ResourceError];

/** The sentence for the person; what is none is a bug of ours and says so. */
export function sentenceOf(error: unknown): string {
  if (SENTENCES.some((kind) => error instanceof kind)) return (error as Error).message;
  console.error(error);
  const text = error instanceof Error ? error.message : String(error);
  return `The machine could not go on, which is a fault of this page and not of what you chose: ${text}`;
}
