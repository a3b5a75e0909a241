import css from './wordmark.module.css'

/** The product's sign: what was, brought back and checked. */
export function Wordmark() {
  return (
    <span className={css.wordmark}>
      <svg viewBox="0 0 24 24" aria-hidden className={css.sign}>
        <path d="M12 3.2a8.8 8.8 0 1 1-8.1 5.4" />
        <path d="M3.4 3.7v5h5" />
        <path d="m8.1 12.3 2.8 2.8 5.1-5.6" className={css.signMark} />
      </svg>
      <span>
        CVD <span className={css.wordLight}>Backup Console</span>
      </span>
    </span>
  )
}
