/**
 * Whether somebody is at the page. What it asks while nobody is it marks, so that a screen that reads again and again does
 * not keep a session open that its person walked away from (SES-3).
 * @module
 */

/** Somebody who reads moves or types at least so often; a person's question and the page's own of that moment look alike. */
const ATTENDED_MS = 60_000
const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

/** The page itself was opened by somebody. */
let touched_ms = performance.now()
for (const touch of TOUCHES)
  addEventListener(touch, () => (touched_ms = performance.now()), { capture: true, passive: true })

export function isAttended(): boolean {
  return performance.now() - touched_ms < ATTENDED_MS
}
