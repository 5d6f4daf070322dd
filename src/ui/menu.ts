/**
 * Menus that drop from a toolbar button, and the question before something that cannot be taken back.
 * Popovers: the browser closes them on Esc and on a click elsewhere.
 */
import { el } from "./dom";

export interface MenuItem {
  label: string;
  /** A shortcut or an explanation, at the right. */
  detail?: string;
  isDanger?: boolean;
  isDisabled?: boolean;
  /** For choices of one out of several. */
  isChecked?: boolean;
  run: () => void;
}

/** null draws a line, a string is a remark. */
export type MenuEntry = MenuItem | string | null;

/** Opens a menu below `button` at every click, with what `entries` gives then. */
export function attachMenu(button: HTMLElement, entries: () => MenuEntry[]): void {
  const menu = el("div", {
    class: "menu",
    popover: "auto",
    role: "menu",
    id: `${button.id}-items`,
  });
  button.setAttribute("aria-expanded", "false");
  button.after(menu);
  let wasOpenOnPress = false;
  // A press on the button closes the open popover before the click comes: it is not opened again then.
  button.addEventListener("pointerdown", () => {
    wasOpenOnPress = menu.matches(":popover-open");
  });
  button.addEventListener("click", (event) => {
    const isByPointer = (event as PointerEvent).detail > 0;
    if (menu.matches(":popover-open") || (isByPointer && wasOpenOnPress)) {
      menu.hidePopover();
      return;
    }
    menu.replaceChildren(...entries().map((entry) => row(entry, menu, button)));
    menu.showPopover();
    place(menu, button);
    menu
      .querySelector<HTMLElement>("button:not(:disabled)")
      ?.focus({ focusVisible: !isByPointer } as FocusOptions);
  });
  menu.addEventListener("toggle", () => {
    button.setAttribute("aria-expanded", String(menu.matches(":popover-open")));
  });
  menu.addEventListener("keydown", (event) => move(menu, event));
}

function row(entry: MenuEntry, menu: HTMLElement, button: HTMLElement): HTMLElement {
  if (entry === null) return el("hr");
  if (typeof entry === "string") return el("div", { class: "menu-note" }, entry);
  const isChoice = entry.isChecked !== undefined;
  return el(
    "button",
    {
      type: "button",
      role: isChoice ? "menuitemradio" : "menuitem",
      "aria-checked": isChoice ? String(entry.isChecked) : undefined,
      class: entry.isDanger ? "danger" : undefined,
      disabled: entry.isDisabled,
      onclick: () => {
        menu.hidePopover();
        button.focus();
        entry.run();
      },
    },
    el("span", {}, entry.label),
    entry.detail !== undefined && el("small", {}, entry.detail),
  );
}

function place(menu: HTMLElement, button: HTMLElement): void {
  const box = button.getBoundingClientRect();
  const left = Math.min(box.left, innerWidth - menu.offsetWidth - 8);
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${box.bottom + 6}px`;
}

function move(menu: HTMLElement, event: KeyboardEvent): void {
  const items = [...menu.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const step: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at <= 0 ? items.length - 1 : at - 1,
    Home: 0,
    End: items.length - 1,
  };
  const target = step[event.key];
  if (target === undefined || items.length === 0) return;
  event.preventDefault();
  items[target % items.length].focus();
}

/** Asks before something that cannot be taken back. */
export function confirmed(title: string, text: string, action: string): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = el(
      "dialog",
      { class: "ask" },
      el("h2", {}, title),
      el("p", {}, text),
      el(
        "form",
        { method: "dialog", class: "ask-actions" },
        el("button", { class: "secondary", value: "no", autofocus: true }, "Cancel"),
        el("button", { class: "danger", value: "yes" }, action),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    // In full screen only what is inside the full-screen element is seen.
    (document.fullscreenElement ?? document.body).append(dialog);
    dialog.showModal();
  });
}
