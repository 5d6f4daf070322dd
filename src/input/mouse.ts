/**
 * The page's mouse into the machine, as a relative mouse: only while the pointer is locked to the
 * screen, because a guest that counts motion has its own idea of where its pointer is. It is locked by
 * a click into the screen, and only after the person asked for that (`isArmed`) and while the guest
 * reads its mouse at all; never by itself. Esc and the keyboard's chord unlock it.
 *
 * Motion is summed and sent once per frame: mice report up to 1000 times a second, a PS/2 mouse 100.
 */
const PIXELS_PER_NOTCH = 100;
const LINES_PER_NOTCH = 3;

export interface MouseSink {
  readonly isMouseWanted: boolean;
  sendMouse(dx: number, dy: number): void;
  sendMouseButtons(buttons: number): void;
  sendMouseWheel(clicks: number): void;
}

export interface MouseOptions {
  target: HTMLElement;
  sink: MouseSink;
  onCapture: (isCaptured: boolean) => void;
  /** A click that could not capture: the guest reads no mouse. */
  onUnwanted: () => void;
}

export class MouseInput {
  isArmed = false;
  private dx = 0;
  private dy = 0;
  private wheel = 0;
  private buttons = 0;
  private frame = 0;
  private wasCaptured = false;

  constructor(private readonly options: MouseOptions) {
    const { target } = options;
    target.addEventListener("mousedown", (event) => this.press(event));
    target.addEventListener("mouseup", (event) => this.setButtons(event));
    target.addEventListener("mousemove", (event) => this.move(event));
    target.addEventListener("wheel", (event) => this.turn(event), { passive: false });
    target.addEventListener("contextmenu", (event) => event.preventDefault());
    document.addEventListener("pointerlockchange", () => this.captureChanged());
  }

  get isCaptured(): boolean {
    return document.pointerLockElement === this.options.target;
  }

  release(): void {
    if (this.isCaptured) document.exitPointerLock();
  }

  private press(event: MouseEvent): void {
    if (this.isCaptured) {
      event.preventDefault();
      this.setButtons(event);
      return;
    }
    if (!this.isArmed || event.button !== 0) return;
    if (!this.options.sink.isMouseWanted) this.options.onUnwanted();
    else this.capture();
  }

  private capture(): void {
    const { target } = this.options;
    // Where the browser cannot take the system's acceleration away, it refuses the option, not the lock.
    const result = target.requestPointerLock({ unadjustedMovement: true }) as
      | Promise<void>
      | undefined;
    result?.catch(() =>
      (target.requestPointerLock() as Promise<void> | undefined)?.catch(() => {}),
    );
  }

  private captureChanged(): void {
    const { isCaptured } = this;
    if (isCaptured === this.wasCaptured) return;
    this.wasCaptured = isCaptured;
    if (!isCaptured && this.buttons !== 0) {
      this.buttons = 0;
      this.options.sink.sendMouseButtons(0);
    }
    this.options.onCapture(isCaptured);
  }

  private setButtons(event: MouseEvent): void {
    if (!this.isCaptured) return;
    this.flush();
    this.buttons = event.buttons & 0x1f;
    this.options.sink.sendMouseButtons(this.buttons);
  }

  private move(event: MouseEvent): void {
    if (!this.isCaptured) return;
    this.dx += event.movementX;
    this.dy += event.movementY;
    this.schedule();
  }

  private turn(event: WheelEvent): void {
    if (!this.isCaptured) return;
    event.preventDefault();
    const perNotch =
      event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINES_PER_NOTCH : PIXELS_PER_NOTCH;
    this.wheel -= event.deltaY / perNotch;
    this.schedule();
  }

  private schedule(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.flush();
    });
  }

  private flush(): void {
    const { sink } = this.options;
    const dx = Math.trunc(this.dx);
    const dy = Math.trunc(this.dy);
    const wheel = Math.trunc(this.wheel);
    this.dx -= dx;
    this.dy -= dy;
    this.wheel -= wheel;
    if (dx !== 0 || dy !== 0) sink.sendMouse(dx, dy);
    if (wheel !== 0) sink.sendMouseWheel(wheel);
  }
}
