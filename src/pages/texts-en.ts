import type { Texts } from './texts.ts'

export const english: Texts = {
  shared: {
    needsScript: 'This page needs JavaScript. Turn it on, or open the link in another browser.',
    incomplete: 'This page opens from the button in our mail. Open the mail and press its button again.',
    working: 'One moment …',
    refusedTitle: 'This link does not work',
    refused: 'It was used already, is too old, or a newer one took its place. Nothing was changed now.',
    help: 'Help:',
    languages: 'Language',
    passwordLabel: 'Password',
    newPasswordLabel: 'New password',
    emailLabel: 'E-mail address',
    show: 'Show password',
    hide: 'Hide password',
    passwordHint: (minLength) => `At least ${minLength} characters. Several words make a good password.`,
    openApp: (brand) => `Go to ${brand}`,
    consents: 'Please agree',
    required: 'required',
    problems: {
      empty: 'Please fill this in.',
      'consent-missing': 'Please agree to what is marked as required.',
      'invalid-credentials': 'The e-mail address or the password is not right.',
      'account-locked': 'Too many wrong passwords. Wait a while, and try again.',
      'email-not-verified': 'Confirm your e-mail address first: the mail with the link for it has been sent to you.',
      'mfa-required': 'Your account has a second factor. Please accept the invitation in the app.',
      'seats-exhausted': 'The team has no free seat. Ask its owner.',
      'already-in-team': 'You are a member of a team already.',
      'already-subscribed': 'You have a plan of your own. Cancel it first, then press the button again.',
      'rate-limited': 'Too many tries. Wait a while, and press the button again.',
      offline: 'No answer came. Check your connection, and press the button again.',
      other: 'That did not work. Please try again in a few minutes.',
    },
  },
  pages: {
    'verify-email': {
      title: 'Confirm your e-mail address',
      intro: 'Press the button to confirm that this e-mail address is yours.',
      button: 'Confirm the address',
      done: { title: 'Your e-mail address is confirmed', text: 'You can close this page and sign in.' },
      refused: 'If the address is not confirmed yet, ask for a new mail where you sign in.',
    },
    'reset-password': {
      title: 'Choose a new password',
      intro: 'All devices are then signed out, and all API keys end.',
      button: 'Set the password',
      done: {
        title: 'Your new password is set',
        text: 'All devices were signed out. You can close this page and sign in with the new password.',
      },
      refused: 'Choose “Forgot password” where you sign in: a new link comes by mail.',
    },
    'confirm-email': {
      title: 'Confirm your new e-mail address',
      intro: 'Press the button, and your account uses this e-mail address from now on.',
      button: 'Use this address',
      done: {
        title: 'Your e-mail address was changed',
        text: 'From now on you sign in with this address. A link that undoes it was sent to the earlier one.',
      },
      refused: 'Sign in with the address that you had, and change it once more.',
    },
    'undo-email': {
      title: 'Undo the change of your e-mail address',
      intro:
        'This e-mail address comes back. The password, all API keys and every way to sign in that was added since are removed, and all devices are signed out.',
      button: 'Undo the change',
      done: {
        title: 'The change is undone',
        text: 'Look into this mailbox now: a link to choose a new password was sent there.',
      },
      doneWithoutMail: 'Choose a new password now, with the link below: it works for an hour.',
      refused: 'If you undid the change before, look for our mail with the link for a new password.',
    },
    'accept-invitation': {
      title: 'Accept the invitation',
      intro: 'Choose a password for your account.',
      button: 'Open the account',
      done: {
        title: 'Your account is ready',
        text: 'You can close this page and sign in with your e-mail address and the password.',
      },
      refused: 'If you did not accept it before, ask who invited you for a new invitation.',
    },
    'accept-team': {
      title: 'Join the team',
      intro: 'Sign in with the account of the e-mail address that was invited.',
      button: 'Join the team',
      done: { title: 'You are a member of the team', text: 'You can close this page and go on in the app.' },
      refused:
        'Only the account of the invited e-mail address can join. Else ask the owner of the team to invite you again.',
    },
  },
}
