/**
 * A person with a browser and a passkey of their own, and the links with which commands ask them. The authenticator is
 * Chromium's own virtual one (WebAuthn Level 3, section 11): its keys never leave the browser.
 * @module
 */
import { once } from 'node:events'
import { createServer as createSocket } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright-core'
import { enrollWithPasskey } from '../../apps/cli/operator.ts'
import { openProfile, type Profile } from '../../apps/cli/profile.ts'
import { CONTEXT } from './chromium.ts'

/** A browser of one person, with a passkey of its own. */
export class PersonAtBrowser {
  readonly page: Page
  readonly #cdp: CDPSession
  readonly #authenticator: string

  private constructor(page: Page, cdp: CDPSession, authenticator: string) {
    this.page = page
    this.#cdp = cdp
    this.#authenticator = authenticator
  }

  static async sit(browser: Browser, look: BrowserContextOptions = {}): Promise<PersonAtBrowser> {
    const context = await browser.newContext({ ...CONTEXT, ...look })
    const page = await context.newPage()
    const cdp = await context.newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    return new PersonAtBrowser(page, cdp, authenticatorId)
  }

  /** As when another device than this one has the passkey. */
  async loseKeys(): Promise<void> {
    await this.#cdp.send('WebAuthn.clearCredentials', { authenticatorId: this.#authenticator })
  }

  /** A security key on their ring, beside what the device has. Neither answers unless it is told to. */
  async ring(): Promise<{ answers: (which: 'device' | 'ring') => Promise<void> }> {
    const { authenticatorId } = await this.#cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'usb',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: false,
      },
    })
    const both = { device: this.#authenticator, ring: authenticatorId }
    return {
      answers: async (which) => {
        for (const [name, id] of Object.entries(both))
          await this.#cdp.send('WebAuthn.setAutomaticPresenceSimulation', {
            authenticatorId: id,
            enabled: name === which,
          })
      },
    }
  }

  async verified(isUserVerified: boolean): Promise<void> {
    const authenticatorId = this.#authenticator
    await this.#cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
  }

  async reaches(state: string): Promise<string> {
    await this.page.locator(`main[data-state="${state}"] h1`).waitFor()
    return this.page.locator('main').innerText()
  }

  async open(url: string): Promise<string> {
    // The page takes its secret out of the address, and a change of the fragment alone would not load it again.
    await this.page.goto('about:blank')
    await this.page.goto(url)
    await this.page.locator('main:not([data-state="loading"]) h1').waitFor()
    return this.page.locator('main').innerText()
  }

  press(name: string): Promise<void> {
    return this.page.getByRole('button', { name }).click()
  }

  async shot(name: string): Promise<void> {
    const folder = process.env.COUNTERSIGN_SCREENSHOTS
    if (folder !== undefined)
      await this.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
  }
}

/** Links as the command line prints them, each taken once. */
export class Links {
  readonly #waiting: ((url: string) => void)[] = []
  readonly #urls: string[] = []
  readonly show = (url: string): void => {
    const taker = this.#waiting.shift()
    if (taker) taker(url)
    else this.#urls.push(url)
  }

  next(): Promise<string> {
    const url = this.#urls.shift()
    return url === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(url)
  }
}

export async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const address = socket.address()
  socket.close()
  await once(socket, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Enrols with a passkey, by the link that the command line shows. @param perform what the person does on its page */
export async function enrolledAt(
  browser: Browser,
  links: Links,
  { url, secret, name }: { readonly url: string; readonly secret: string; readonly name: string },
  perform: (at: PersonAtBrowser, text: string, key: string) => Promise<void>,
): Promise<{ at: PersonAtBrowser; profile: Profile }> {
  const at = await PersonAtBrowser.sit(browser)
  let key = ''
  const file = enrollWithPasskey(url, secret, name, (link, jkt) => {
    key = jkt
    links.show(link)
  })
  file.catch(() => undefined) // heard below, unless the page fails first
  const text = await at.open(await links.next())
  await perform(at, text, key)
  return { at, profile: openProfile(await file, links.show) }
}

/** Does what the page of the next link asks, while the command waits for it. @returns its answer, and what was shown */
export async function during<T>(
  links: Links,
  command: Promise<T>,
  at: PersonAtBrowser,
  name?: string,
): Promise<[T, string]> {
  const early = command.then(() => Promise.reject(new Error('the command ended before it asked')))
  const text = await at.open(await Promise.race([links.next(), early]))
  if (name !== undefined) await at.shot(name)
  await at.press('Approve with passkey')
  await at.reaches('done')
  return [await command, text]
}
