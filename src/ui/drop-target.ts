/** The whole window takes a dropped file; while one is dragged over it, it says what would happen. */
import { byId } from "./dom";

export interface DropTargetOptions {
  /** What dropping would do: "boot it", "insert it". */
  verb: () => string;
  onFile: (file: File) => void;
}

export function attachDropTarget({ verb, onFile }: DropTargetOptions): void {
  const cover = byId("drop");
  let depth = 0; // dragenter and dragleave come for every element on the way
  const isFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const show = (isShown: boolean) => {
    cover.hidden = !isShown;
    if (!isShown) depth = 0;
    else byId("drop-verb").textContent = verb();
  };
  addEventListener("dragenter", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    depth++;
    show(true);
  });
  addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", (event) => {
    if (isFile(event) && --depth <= 0) show(false);
  });
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    show(false);
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  });
}
