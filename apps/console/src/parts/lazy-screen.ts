/** Screens whose code is loaded when they are first opened. @module */
import { lazyRouteComponent } from '@tanstack/react-router'
import { ApiFault } from '../api/client.ts'
import { words } from '../words/words.ts'

/** Whether code was asked for while nobody answered: a browser may remember that it did not come. */
let wasOffline = false
/** When the page was loaded anew for this, milliseconds since 1970: once, and not again and again. */
const RELOADED = 'countersign.reloaded'
const RELOAD_EVERY_MS = 30_000

/**
 * Where nobody answers, that is said on the screen: to load the page then would leave the reader with an error of the
 * browser. Code that does not come though somebody answers is of another version of the console, or did not come before:
 * the page is loaded anew, where the reader is.
 */
export function lazyScreen<M extends Record<string, unknown>, K extends keyof M & string>(
  load: () => Promise<M>,
  name: K,
): ReturnType<typeof lazyRouteComponent<M, K>> {
  return lazyRouteComponent(() => load().catch(orAnew), name)
}

async function orAnew(): Promise<never> {
  try {
    await fetch('/console/', { method: 'HEAD', cache: 'no-store' })
  } catch {
    wasOffline = true
    throw new ApiFault('OFFLINE', words.shell.noAnswer, 0)
  }
  if (!wasOffline && Date.now() - Number(sessionStorage.getItem(RELOADED)) < RELOAD_EVERY_MS)
    throw new ApiFault('CODE_MISSING', words.shell.noCode, 404)
  sessionStorage.setItem(RELOADED, String(Date.now()))
  location.reload()
  return new Promise(() => undefined)
}
