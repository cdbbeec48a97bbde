/** The screens of the navigation, in the order of a day's work. @module */
import {
  Activity,
  Bot,
  Boxes,
  ClipboardCheck,
  FileCheck2,
  Gauge,
  HandHelping,
  KeyRound,
  OctagonX,
  ScrollText,
  Settings,
  ShieldAlert,
  Siren,
  UserCheck,
  type LucideIcon,
} from 'lucide-react'
import { words } from '../words/words.ts'

export interface Screen {
  readonly to: string
  readonly label: string
  readonly icon: LucideIcon
}

export const SCREENS: readonly Screen[] = [
  { to: '/', label: words.nav.overview, icon: Gauge },
  { to: '/agents', label: words.nav.agents, icon: Bot },
  { to: '/delegations', label: words.nav.delegations, icon: KeyRound },
  { to: '/activity', label: words.nav.activity, icon: Activity },
  { to: '/approvals', label: words.nav.approvals, icon: UserCheck },
  { to: '/alerts', label: words.nav.alerts, icon: ShieldAlert },
  { to: '/incidents', label: words.nav.incidents, icon: Siren },
  { to: '/kill', label: words.nav.kill, icon: OctagonX },
  { to: '/outputs', label: words.nav.outputs, icon: ClipboardCheck },
  { to: '/data', label: words.nav.data, icon: Boxes },
  { to: '/consents', label: words.nav.consents, icon: HandHelping },
  { to: '/evidence', label: words.nav.evidence, icon: FileCheck2 },
  { to: '/log', label: words.nav.log, icon: ScrollText },
  { to: '/settings', label: words.nav.settings, icon: Settings },
]
