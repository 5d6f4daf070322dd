/**
 * From the page's keyboard events to evdev codes. The table itself is shared/keys.ts: the device models,
 * which know nothing of the page, use it too.
 *
 * Physical position decides (KeyboardEvent.code), so the guest's own layout applies. Browsers that leave
 * `code` empty (virtual keyboards on phones) give characters only: those are typed as on a US layout.
 */
import { keyByCode, keyOfCharacter, type Typed } from "../shared/keys";

/** Codes that some browsers use for keys the table knows by another name. */
const ALIASES: Record<string, string> = {
  OSLeft: "MetaLeft",
  OSRight: "MetaRight",
  VolumeMute: "AudioVolumeMute",
  VolumeDown: "AudioVolumeDown",
  VolumeUp: "AudioVolumeUp",
  LaunchMediaPlayer: "MediaSelect",
  NumpadParenLeft: "Digit9",
  NumpadParenRight: "Digit0",
  HangulMode: "Lang1",
  Hanja: "Lang2",
};

/** evdev code of KeyboardEvent.code, or undefined: the key does not reach the guest. */
export function evdevOfCode(code: string): number | undefined {
  return keyByCode(ALIASES[code] ?? code)?.evdev;
}

/** For events without `code`: the US key that types KeyboardEvent.key. */
export function typedOfKey(key: string): Typed | undefined {
  const named: Record<string, string> = { Enter: "\n", Tab: "\t", Backspace: "\b", Escape: "\x1b" };
  return keyOfCharacter(named[key] ?? (key.length === 1 ? key : ""));
}
