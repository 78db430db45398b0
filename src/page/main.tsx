import { render } from 'preact'
import { readAccount } from './account.ts'
import { App } from './app.tsx'
import { followLinks } from './location.ts'
import { rememberScroll } from './scroll-memory.ts'
import { applyTheme } from './theme.ts'
import './styles/base.css'
import './styles/parts.css'
import './styles/print.css'

applyTheme()
followLinks()
rememberScroll()
readAccount().catch(() => undefined)
render(<App />, document.body)
