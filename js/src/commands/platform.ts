/** Apple keyboards: Command does what Control does elsewhere, and Control-click is a right click. */
export function isApple(): boolean {
  return typeof navigator !== "undefined" && /Mac|iPhone|iPad/u.test(navigator.platform);
}
