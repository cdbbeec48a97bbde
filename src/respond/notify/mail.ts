/** Alerts as mail. spec/alerts.md (ALR-14). Pure. @module */
import type { Notice } from '../../ports/notifier.ts'
import { linesOf, titleOf } from './words.ts'

export interface MailText {
  readonly subject: string
  readonly text: string
  /** The same at each try: a mailbox shows the mail once. */
  readonly messageId: string
}

export function mailNotice(notice: Notice): MailText {
  const domain = notice.iss.replaceAll(/[^A-Za-z0-9.-]/g, '-')
  return {
    subject: titleOf(notice),
    text: `${titleOf(notice)}\n\n${linesOf(notice).join('\n')}\n`,
    messageId: `<${notice.id}@${domain}>`,
  }
}
