/**
 * Draws the scanout into a <canvas>, once per animation frame and only the rows that changed. The canvas has
 * the guest's resolution; CSS scales it into its parent. Modes of 200 lines are stretched to the tube's 4:3.
 *
 *   fit       fills the space: by whole device pixels where that fills most of it (crisp), else smoothly
 *   integer   the largest whole number of device pixels that fits, at least one
 *   1:1       a guest pixel is a CSS pixel, in whole device pixels; what does not fit is scrolled to
 */
import { type Frame, Scanout, type ScanoutSource } from "./scanout";

/** A whole-number scale is preferred while it uses at least this share of the space. */
const CRISP_SHARE = 0.7;

export type Scaling = "fit" | "integer" | "1:1";

export interface CanvasScreenOptions {
  canvas: HTMLCanvasElement;
  source: ScanoutSource;
  scaling?: Scaling;
  /** The guest changed its resolution. */
  onResize?: (width: number, height: number) => void;
}

export class CanvasScreen {
  private scanout: Scanout;
  private readonly context: CanvasRenderingContext2D;
  private image: ImageData | undefined;
  private request = 0;
  private readonly observer: ResizeObserver;
  private scaling: Scaling;

  constructor(private readonly options: CanvasScreenOptions) {
    this.scaling = options.scaling ?? "fit";
    const context = options.canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("This browser gives no 2D canvas.");
    this.context = context;
    this.scanout = new Scanout(options.source);
    this.observer = new ResizeObserver(() => this.layout());
  }

  start(): void {
    if (this.request !== 0) return;
    const { parentElement } = this.options.canvas;
    if (parentElement) this.observer.observe(parentElement);
    const tick = (nowMs: number): void => {
      this.request = requestAnimationFrame(tick);
      this.draw(nowMs);
    };
    this.request = requestAnimationFrame(tick);
  }

  stop(): void {
    cancelAnimationFrame(this.request);
    this.request = 0;
    this.observer.disconnect();
  }

  setScaling(scaling: Scaling): void {
    this.scaling = scaling;
    this.layout();
  }

  /** Draws one frame now; for a screenshot while stopped. */
  draw(nowMs: number): void {
    const frame = this.scanout.frame(nowMs);
    if (frame.isResized || !this.image) this.resize(frame);
    const { image } = this;
    if (!image) return;
    for (const { first, end } of frame.changed) {
      this.context.putImageData(image, 0, 0, 0, first, frame.width, end - first);
    }
  }

  /** Guest pixel under a pointer event; outside the picture the nearest one. */
  guestPoint(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const { canvas } = this.options;
    const box = canvas.getBoundingClientRect();
    const along = (value: number, size: number, count: number): number =>
      Math.max(0, Math.min(count - 1, Math.floor((value / size) * count)));
    return {
      x: along(event.clientX - box.left, box.width || 1, canvas.width),
      y: along(event.clientY - box.top, box.height || 1, canvas.height),
    };
  }

  private resize(frame: Frame): void {
    const { canvas } = this.options;
    canvas.width = frame.width;
    canvas.height = frame.height;
    this.image = new ImageData(frame.pixels, frame.width, frame.height);
    this.context.putImageData(this.image, 0, 0);
    this.layout();
    this.options.onResize?.(frame.width, frame.height);
  }

  /** Chooses the CSS size for the present parent. */
  layout(): void {
    const { canvas } = this.options;
    const parent = canvas.parentElement;
    if (!parent || canvas.width === 0) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const size = displaySize(
      canvas.width,
      canvas.height,
      parent.clientWidth * ratio,
      parent.clientHeight * ratio,
      this.scaling,
      ratio,
    );
    canvas.style.width = `${size.width / ratio}px`;
    canvas.style.height = `${size.height / ratio}px`;
    canvas.style.imageRendering = size.isCrisp ? "pixelated" : "auto";
  }
}

/** Size in device pixels for a picture of width × height in a space. */
export function displaySize(
  width: number,
  height: number,
  spaceWidth: number,
  spaceHeight: number,
  scaling: Scaling = "fit",
  ratio = 1,
): { width: number; height: number; isCrisp: boolean } {
  // 200-line modes were made to fill a 4:3 tube; everything else is shown with square pixels.
  const shownHeight = height < 300 ? Math.max(height, (width * 3) / 4) : height;
  const fit = Math.min(spaceWidth / width, spaceHeight / shownHeight);
  const whole = scaling === "1:1" ? Math.max(1, Math.round(ratio)) : Math.floor(fit);
  const isCrisp = scaling === "fit" ? whole >= 1 && whole / fit >= CRISP_SHARE : true;
  const scale = isCrisp ? Math.max(1, whole) : fit;
  return {
    width: Math.round(width * scale),
    height: Math.round(shownHeight * scale),
    isCrisp,
  };
}
