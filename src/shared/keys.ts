/**
 * The keyboard: one table from which everything that names keys is derived, on the page, in the
 * monitor and in the device models. Columns:
 *
 *   evdev   KEY_* of Linux input-event-codes.h; also what virtio-input sends
 *   code    KeyboardEvent.code, W3C UI Events KeyboardEvent code values
 *   set 1, set 2, set 3   scan codes of the PS/2 keyboard (E0xxh = prefixed; 0 = the set lacks the key);
 *           set 3 as on IBM's 122-key layout, extended keys as Linux' atkbd reads them
 *   names   QEMU's key names, as `sendkey` takes them
 *
 * Lang1 and Lang2 send their one byte on press and nothing on release, as Korean keyboards do. Pause and
 * Print Screen have sequences of their own in sets 1 and 2 (devices/ps2-keyboard.ts); their rows carry
 * the code inside those.
 */
export interface Key {
  evdev: number;
  code: string;
  set1: number;
  set2: number;
  set3: number;
  names: string[];
}

// biome-ignore format: one key per line
const ROWS: [number, string, number, number, number, string][] = [
  [1, "Escape", 0x01, 0x76, 0x08, "esc"],
  [2, "Digit1", 0x02, 0x16, 0x16, "1"],
  [3, "Digit2", 0x03, 0x1e, 0x1e, "2"],
  [4, "Digit3", 0x04, 0x26, 0x26, "3"],
  [5, "Digit4", 0x05, 0x25, 0x25, "4"],
  [6, "Digit5", 0x06, 0x2e, 0x2e, "5"],
  [7, "Digit6", 0x07, 0x36, 0x36, "6"],
  [8, "Digit7", 0x08, 0x3d, 0x3d, "7"],
  [9, "Digit8", 0x09, 0x3e, 0x3e, "8"],
  [10, "Digit9", 0x0a, 0x46, 0x46, "9"],
  [11, "Digit0", 0x0b, 0x45, 0x45, "0"],
  [12, "Minus", 0x0c, 0x4e, 0x4e, "minus"],
  [13, "Equal", 0x0d, 0x55, 0x55, "equal"],
  [14, "Backspace", 0x0e, 0x66, 0x66, "backspace"],
  [15, "Tab", 0x0f, 0x0d, 0x0d, "tab"],
  [16, "KeyQ", 0x10, 0x15, 0x15, "q"],
  [17, "KeyW", 0x11, 0x1d, 0x1d, "w"],
  [18, "KeyE", 0x12, 0x24, 0x24, "e"],
  [19, "KeyR", 0x13, 0x2d, 0x2d, "r"],
  [20, "KeyT", 0x14, 0x2c, 0x2c, "t"],
  [21, "KeyY", 0x15, 0x35, 0x35, "y"],
  [22, "KeyU", 0x16, 0x3c, 0x3c, "u"],
  [23, "KeyI", 0x17, 0x43, 0x43, "i"],
  [24, "KeyO", 0x18, 0x44, 0x44, "o"],
  [25, "KeyP", 0x19, 0x4d, 0x4d, "p"],
  [26, "BracketLeft", 0x1a, 0x54, 0x54, "bracket_left"],
  [27, "BracketRight", 0x1b, 0x5b, 0x5b, "bracket_right"],
  [28, "Enter", 0x1c, 0x5a, 0x5a, "ret"],
  [29, "ControlLeft", 0x1d, 0x14, 0x11, "ctrl"],
  [30, "KeyA", 0x1e, 0x1c, 0x1c, "a"],
  [31, "KeyS", 0x1f, 0x1b, 0x1b, "s"],
  [32, "KeyD", 0x20, 0x23, 0x23, "d"],
  [33, "KeyF", 0x21, 0x2b, 0x2b, "f"],
  [34, "KeyG", 0x22, 0x34, 0x34, "g"],
  [35, "KeyH", 0x23, 0x33, 0x33, "h"],
  [36, "KeyJ", 0x24, 0x3b, 0x3b, "j"],
  [37, "KeyK", 0x25, 0x42, 0x42, "k"],
  [38, "KeyL", 0x26, 0x4b, 0x4b, "l"],
  [39, "Semicolon", 0x27, 0x4c, 0x4c, "semicolon"],
  [40, "Quote", 0x28, 0x52, 0x52, "apostrophe"],
  [41, "Backquote", 0x29, 0x0e, 0x0e, "grave_accent"],
  [42, "ShiftLeft", 0x2a, 0x12, 0x12, "shift"],
  [43, "Backslash", 0x2b, 0x5d, 0x5c, "backslash"],
  [44, "KeyZ", 0x2c, 0x1a, 0x1a, "z"],
  [45, "KeyX", 0x2d, 0x22, 0x22, "x"],
  [46, "KeyC", 0x2e, 0x21, 0x21, "c"],
  [47, "KeyV", 0x2f, 0x2a, 0x2a, "v"],
  [48, "KeyB", 0x30, 0x32, 0x32, "b"],
  [49, "KeyN", 0x31, 0x31, 0x31, "n"],
  [50, "KeyM", 0x32, 0x3a, 0x3a, "m"],
  [51, "Comma", 0x33, 0x41, 0x41, "comma"],
  [52, "Period", 0x34, 0x49, 0x49, "dot"],
  [53, "Slash", 0x35, 0x4a, 0x4a, "slash"],
  [54, "ShiftRight", 0x36, 0x59, 0x59, "shift_r"],
  [55, "NumpadMultiply", 0x37, 0x7c, 0x7e, "kp_multiply asterisk"],
  [56, "AltLeft", 0x38, 0x11, 0x19, "alt"],
  [57, "Space", 0x39, 0x29, 0x29, "spc"],
  [58, "CapsLock", 0x3a, 0x58, 0x14, "caps_lock"],
  [59, "F1", 0x3b, 0x05, 0x07, "f1"],
  [60, "F2", 0x3c, 0x06, 0x0f, "f2"],
  [61, "F3", 0x3d, 0x04, 0x17, "f3"],
  [62, "F4", 0x3e, 0x0c, 0x1f, "f4"],
  [63, "F5", 0x3f, 0x03, 0x27, "f5"],
  [64, "F6", 0x40, 0x0b, 0x2f, "f6"],
  [65, "F7", 0x41, 0x83, 0x37, "f7"],
  [66, "F8", 0x42, 0x0a, 0x3f, "f8"],
  [67, "F9", 0x43, 0x01, 0x47, "f9"],
  [68, "F10", 0x44, 0x09, 0x4f, "f10"],
  [69, "NumLock", 0x45, 0x77, 0x76, "num_lock"],
  [70, "ScrollLock", 0x46, 0x7e, 0x5f, "scroll_lock"],
  [71, "Numpad7", 0x47, 0x6c, 0x6c, "kp_7"],
  [72, "Numpad8", 0x48, 0x75, 0x75, "kp_8"],
  [73, "Numpad9", 0x49, 0x7d, 0x7d, "kp_9"],
  [74, "NumpadSubtract", 0x4a, 0x7b, 0x84, "kp_subtract"],
  [75, "Numpad4", 0x4b, 0x6b, 0x6b, "kp_4"],
  [76, "Numpad5", 0x4c, 0x73, 0x73, "kp_5"],
  [77, "Numpad6", 0x4d, 0x74, 0x74, "kp_6"],
  [78, "NumpadAdd", 0x4e, 0x79, 0x7c, "kp_add"],
  [79, "Numpad1", 0x4f, 0x69, 0x69, "kp_1"],
  [80, "Numpad2", 0x50, 0x72, 0x72, "kp_2"],
  [81, "Numpad3", 0x51, 0x7a, 0x7a, "kp_3"],
  [82, "Numpad0", 0x52, 0x70, 0x70, "kp_0"],
  [83, "NumpadDecimal", 0x53, 0x71, 0x71, "kp_decimal"],
  [85, "Lang5", 0x76, 0x5f, 0, ""],
  [86, "IntlBackslash", 0x56, 0x61, 0x13, "less"],
  [87, "F11", 0x57, 0x78, 0x56, "f11"],
  [88, "F12", 0x58, 0x07, 0x5e, "f12"],
  [89, "IntlRo", 0x73, 0x51, 0, "ro"],
  [90, "Lang3", 0x78, 0x63, 0, ""],
  [91, "Lang4", 0x77, 0x62, 0, ""],
  [92, "Convert", 0x79, 0x64, 0x86, "henkan"],
  [93, "KanaMode", 0x70, 0x13, 0x87, "hiragana katakanahiragana"],
  [94, "NonConvert", 0x7b, 0x67, 0x85, "muhenkan"],
  [96, "NumpadEnter", 0xe01c, 0xe05a, 0x79, "kp_enter"],
  [97, "ControlRight", 0xe01d, 0xe014, 0x58, "ctrl_r"],
  [98, "NumpadDivide", 0xe035, 0xe04a, 0x77, "kp_divide"],
  [99, "PrintScreen", 0xe037, 0xe07c, 0x57, "print sysrq"],
  [100, "AltRight", 0xe038, 0xe011, 0x39, "alt_r"],
  [102, "Home", 0xe047, 0xe06c, 0x6e, "home"],
  [103, "ArrowUp", 0xe048, 0xe075, 0x63, "up"],
  [104, "PageUp", 0xe049, 0xe07d, 0x6f, "pgup"],
  [105, "ArrowLeft", 0xe04b, 0xe06b, 0x61, "left"],
  [106, "ArrowRight", 0xe04d, 0xe074, 0x6a, "right"],
  [107, "End", 0xe04f, 0xe069, 0x65, "end"],
  [108, "ArrowDown", 0xe050, 0xe072, 0x60, "down"],
  [109, "PageDown", 0xe051, 0xe07a, 0x6d, "pgdn"],
  [110, "Insert", 0xe052, 0xe070, 0x67, "insert"],
  [111, "Delete", 0xe053, 0xe071, 0x64, "delete"],
  [113, "AudioVolumeMute", 0xe020, 0xe023, 0x9c, "audiomute"],
  [114, "AudioVolumeDown", 0xe02e, 0xe021, 0x9d, "volumedown"],
  [115, "AudioVolumeUp", 0xe030, 0xe032, 0x95, "volumeup"],
  [116, "Power", 0xe05e, 0xe037, 0, "power"],
  [117, "NumpadEqual", 0x59, 0x0f, 0, "kp_equals"],
  [119, "Pause", 0xe046, 0xe07e, 0x62, "pause"],
  [121, "NumpadComma", 0x7e, 0x6d, 0, "kp_comma"],
  [122, "Lang1", 0xf2, 0xf2, 0, "lang1"],
  [123, "Lang2", 0xf1, 0xf1, 0, "lang2"],
  [124, "IntlYen", 0x7d, 0x6a, 0x5d, "yen"],
  [125, "MetaLeft", 0xe05b, 0xe01f, 0x8b, "meta_l"],
  [126, "MetaRight", 0xe05c, 0xe027, 0x8c, "meta_r"],
  [127, "ContextMenu", 0xe05d, 0xe02f, 0x8d, "compose menu"],
  [128, "BrowserStop", 0xe068, 0xe028, 0x0a, "stop"],
  [138, "Help", 0, 0, 0x09, "help"],
  [140, "LaunchApp2", 0xe021, 0xe02b, 0xa3, "calculator"],
  [142, "Sleep", 0xe05f, 0xe03f, 0, "sleep"],
  [143, "WakeUp", 0xe063, 0xe05e, 0, "wake"],
  [155, "LaunchMail", 0xe06c, 0xe048, 0, "mail"],
  [156, "BrowserFavorites", 0xe066, 0xe018, 0, "ac_bookmarks"],
  [157, "LaunchApp1", 0xe06b, 0xe040, 0, "computer"],
  [158, "BrowserBack", 0xe06a, 0xe038, 0, "ac_back"],
  [159, "BrowserForward", 0xe069, 0xe030, 0, "ac_forward"],
  [163, "MediaTrackNext", 0xe019, 0xe04d, 0x93, "audionext"],
  [164, "MediaPlayPause", 0xe022, 0xe034, 0, "audioplay"],
  [165, "MediaTrackPrevious", 0xe010, 0xe015, 0x94, "audioprev"],
  [166, "MediaStop", 0xe024, 0xe03b, 0x98, "audiostop"],
  [172, "BrowserHome", 0xe032, 0xe03a, 0x97, "ac_home"],
  [173, "BrowserRefresh", 0xe067, 0xe020, 0, "ac_refresh"],
  [183, "F13", 0x5d, 0x2f, 0x7f, "f13"],
  [184, "F14", 0x5e, 0x37, 0x80, "f14"],
  [185, "F15", 0x5f, 0x3f, 0x81, "f15"],
  [217, "BrowserSearch", 0xe065, 0xe010, 0, ""],
  [226, "MediaSelect", 0xe06d, 0xe050, 0, "mediaselect"],
];

export const KEYS: readonly Key[] = ROWS.map(([evdev, code, set1, set2, set3, names]) => ({
  evdev,
  code,
  set1,
  set2,
  set3,
  names: names === "" ? [] : names.split(" "),
}));

const BY_EVDEV = new Map(KEYS.map((key) => [key.evdev, key]));
const BY_CODE = new Map(KEYS.map((key) => [key.code, key]));
const BY_NAME = new Map(KEYS.flatMap((key) => key.names.map((name) => [name, key] as const)));

export function keyByEvdev(evdev: number): Key | undefined {
  return BY_EVDEV.get(evdev);
}

export function keyByCode(code: string): Key | undefined {
  return BY_CODE.get(code);
}

/** Keys of a `sendkey` argument such as "ctrl-alt-delete"; names, or set 1 codes in hex ("0x1c"). */
export function keysOfCombination(text: string): Key[] | undefined {
  const keys: Key[] = [];
  for (const part of text.split("-")) {
    const key = BY_NAME.get(part) ?? (/^0x[0-9a-f]+$/i.test(part) ? keyBySet1(part) : undefined);
    if (!key) return undefined;
    keys.push(key);
  }
  return keys;
}

/** QEMU's `sendkey 0xNN` takes a set 1 code, with bit 7 standing for the E0 prefix. */
function keyBySet1(text: string): Key | undefined {
  const number = Number.parseInt(text, 16);
  const set1 = number & 0x80 ? 0xe000 | (number & 0x7f) : number;
  return KEYS.find((key) => key.set1 === set1);
}

export interface Typed {
  key: Key;
  isShifted: boolean;
}

const PLAIN = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./ \n\t\b\x1b";
const SHIFTED = '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?';
const TYPED_CODES = [
  ..."Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0".split(" "),
  ..."Minus Equal KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft".split(" "),
  ..."BracketRight Backslash KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon".split(" "),
  ..."Quote KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash".split(" "),
  ..."Space Enter Tab Backspace Escape".split(" "),
];

/** The key that types `character` on a US layout, for scripts and for pasting text. */
export function keyOfCharacter(character: string): Typed | undefined {
  const plain = PLAIN.indexOf(character);
  const index = plain >= 0 ? plain : SHIFTED.indexOf(character);
  const key = index < 0 || character === "" ? undefined : BY_CODE.get(TYPED_CODES[index]);
  return key && { key, isShifted: plain < 0 };
}
