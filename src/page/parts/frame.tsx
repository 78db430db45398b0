import type { ComponentChildren, RefObject } from 'preact'
import { account, accountName, signOut } from '../account.ts'
import { keyMapOpen } from '../keyboard.ts'
import { go, here, href } from '../location.ts'
import { nextTheme, theme } from '../theme.ts'
import { Icon } from './icon.tsx'
import { KeyMap } from './key-map.tsx'
import { SearchBox } from './search-box.tsx'
import { signInHref } from './states.tsx'

const LINKS = [
  ['grid', 'Grid'],
  ['compare', 'Compare'],
  ['pull', 'Pull cost'],
  ['deduplication', 'Deduplication'],
] as const

/** What is around every view: the way home, search, the views across repositories, and who one is. */
export function Frame({
  main,
  children,
}: {
  readonly main: RefObject<HTMLElement | null>
  readonly children: ComponentChildren
}) {
  const { view } = here.value
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={href('')} aria-label="Lamina, home">
          <svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
            <path d="M1 2h14v3H1z" />
            <path d="M1 6.5h9v3H1z" opacity=".7" />
            <path d="M1 11h12v3H1z" opacity=".45" />
          </svg>
          <span>Lamina</span>
        </a>
        <SearchBox />
        <nav aria-label="Views">
          {LINKS.map(([name, label]) => (
            <a key={name} href={href(name)} aria-current={view === name ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <Tools />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <footer class="page-foot">
        <a href={href('docs')}>API</a>
      </footer>
      {keyMapOpen.value && <KeyMap close={() => (keyMapOpen.value = false)} />}
    </>
  )
}

function Tools() {
  return (
    <div class="tools">
      <button
        type="button"
        class="icon-button"
        title={`Theme: ${theme.value}`}
        aria-label={`Theme: ${theme.value}; change it`}
        onClick={nextTheme}
      >
        <Icon name={theme.value === 'auto' ? 'auto' : theme.value === 'dark' ? 'moon' : 'sun'} />
      </button>
      <button
        type="button"
        class="icon-button"
        title="Keys (?)"
        aria-label="Show the keys"
        onClick={() => (keyMapOpen.value = true)}
      >
        <kbd>?</kbd>
      </button>
      <Account />
    </div>
  )
}

function Account() {
  const who = account.value
  if (who === undefined || who?.kind === 'unchecked') return null
  if (who === null)
    return (
      <a class="button quiet" href={signInHref()}>
        Sign in
      </a>
    )
  const leave = () => {
    signOut().then(
      () => go(href('')),
      () => location.reload(),
    )
  }
  return (
    <>
      <a href={href('account')} class="who">
        {accountName(who)}
      </a>
      <button type="button" class="button quiet" onClick={leave}>
        Sign out
      </button>
    </>
  )
}
