import type { SignInMethod } from './notice-data.ts'
import type { NoticeTexts } from './notice-letter.ts'
import { displayOrigin } from './notice-letter.ts'

const methods: Record<'en' | 'hi', Record<SignInMethod, string>> = {
  en: {
    password: 'a password',
    totp: 'codes of an authenticator app',
    passkey: 'a passkey',
    identity: 'an account of another provider',
    'recovery-codes': 'recovery codes',
  },
  hi: {
    password: 'पासवर्ड',
    totp: 'ऑथेंटिकेटर ऐप के कोड',
    passkey: 'पासकी',
    identity: 'किसी दूसरी सेवा का खाता',
    'recovery-codes': 'रिकवरी कोड',
  },
}

/** Notices about signing in and sign-in methods. */
export const signInNotices: {
  'new-device': NoticeTexts<'new-device'>
  lockout: NoticeTexts<'lockout'>
  'code-lockout': NoticeTexts<'code-lockout'>
  'sign-in-method-added': NoticeTexts<'sign-in-method-added'>
  'sign-in-method-removed': NoticeTexts<'sign-in-method-removed'>
  'recovery-code-used': NoticeTexts<'recovery-code-used'>
  'passkey-copied': NoticeTexts<'passkey-copied'>
  'refresh-token-reused': NoticeTexts<'refresh-token-reused'>
} = {
  'new-device': {
    en: {
      subject: 'A new device signed in to your account',
      severally: (count) => `New devices signed in to your account ${count} times`,
      opening: 'Your account was signed in to from a device that was not known before:',
      event: displayOrigin.en,
      notYou:
        'If it was not you, somebody can sign in as you. Change your password now, which also signs out all other devices, and remove passkeys and other ways to sign in that you do not know.',
    },
    hi: {
      subject: 'आपके खाते में एक नए डिवाइस से साइन इन हुआ',
      severally: (count) => `आपके खाते में नए डिवाइसों से ${count} बार साइन इन हुआ`,
      opening: 'आपके खाते में ऐसे डिवाइस से साइन इन हुआ है जो पहले से ज्ञात नहीं था:',
      event: displayOrigin.hi,
      notYou:
        'अगर यह आप नहीं थे, तो कोई और आपके खाते में साइन इन कर सकता है। अपना पासवर्ड अभी बदलें: इससे बाकी सभी डिवाइस भी साइन आउट हो जाएँगे। जिन पासकी और साइन इन के दूसरे तरीकों को आप नहीं पहचानते, उन्हें हटा दें।',
    },
  },
  lockout: {
    en: {
      subject: 'Signing in to your account is paused',
      severally: (count) => `Signing in to your account was paused ${count} times`,
      opening:
        'The password was wrong several times in a row, so signing in with your e-mail address is refused for a while. Devices that you signed in from before are not affected.',
      event: displayOrigin.en,
      notYou:
        'If it was not you, you need to do nothing: nobody got in. If you cannot sign in yourself, wait a while, or choose “Forgot password” where you sign in: a new password ends the pause.',
    },
    hi: {
      subject: 'आपके खाते में साइन इन कुछ समय के लिए रोका गया है',
      severally: (count) => `आपके खाते में साइन इन ${count} बार रोका गया`,
      opening:
        'लगातार कई बार गलत पासवर्ड डाला गया, इसलिए आपके ईमेल पते से साइन इन कुछ समय के लिए रोक दिया गया है। जिन डिवाइसों से आप पहले साइन इन कर चुके हैं, उन पर इसका असर नहीं है।',
      event: displayOrigin.hi,
      notYou:
        'अगर यह आप नहीं थे, तो कुछ करने की ज़रूरत नहीं है: कोई अंदर नहीं आ पाया। अगर आप खुद साइन इन नहीं कर पा रहे हैं, तो थोड़ा रुकें, या साइन इन पेज पर “पासवर्ड भूल गए” चुनें: नया पासवर्ड चुनने से रोक हट जाती है।',
    },
  },
  'code-lockout': {
    en: {
      subject: 'Codes for your account are refused for a while',
      severally: (count) => `Codes for your account were refused ${count} times`,
      opening:
        'Many wrong codes were entered where your second factor is asked for, so codes are refused for an hour. Devices that you signed in from before are not affected.',
      event: displayOrigin.en,
      notYou:
        'If it was not you, somebody knows your password, but did not get in. Change it now: that also signs out all other devices.',
    },
    hi: {
      subject: 'आपके खाते के कोड कुछ समय के लिए स्वीकार नहीं किए जाएँगे',
      severally: (count) => `आपके खाते के कोड ${count} बार अस्वीकार किए गए`,
      opening:
        'जहाँ आपका दूसरा चरण पूछा जाता है, वहाँ कई गलत कोड डाले गए, इसलिए एक घंटे तक कोड स्वीकार नहीं किए जाएँगे। जिन डिवाइसों से आप पहले साइन इन कर चुके हैं, उन पर इसका असर नहीं है।',
      event: displayOrigin.hi,
      notYou:
        'अगर यह आप नहीं थे, तो किसी को आपका पासवर्ड पता है, पर वह अंदर नहीं आ पाया। पासवर्ड अभी बदलें: इससे बाकी सभी डिवाइस भी साइन आउट हो जाएँगे।',
    },
  },
  'sign-in-method-added': {
    en: {
      subject: 'A way to sign in was added',
      severally: (count) => `${count} ways to sign in were added`,
      opening: 'Your account can now also be signed in to with:',
      event: ({ method }) => methods.en[method],
      notYou: 'If it was not you: sign in, remove it, change your password and end all sessions.',
    },
    hi: {
      subject: 'साइन इन का एक तरीका जोड़ा गया',
      severally: (count) => `साइन इन के ${count} तरीके जोड़े गए`,
      opening: 'आपके खाते में अब इससे भी साइन इन किया जा सकता है:',
      event: ({ method }) => methods.hi[method],
      notYou: 'अगर यह आपने नहीं किया, तो साइन इन करें, इसे हटाएँ, पासवर्ड बदलें और सभी सत्र समाप्त करें।',
    },
  },
  'sign-in-method-removed': {
    en: {
      subject: 'A way to sign in was removed',
      severally: (count) => `${count} ways to sign in were removed`,
      opening: 'Your account can no longer be signed in to with:',
      event: ({ method, byAdministrator }) => `${methods.en[method]}${byAdministrator ? ' (by an administrator)' : ''}`,
      notYou: 'If you did not want that: change your password, end all sessions, and set it up again.',
    },
    hi: {
      subject: 'साइन इन का एक तरीका हटाया गया',
      severally: (count) => `साइन इन के ${count} तरीके हटाए गए`,
      opening: 'आपके खाते में अब इससे साइन इन नहीं किया जा सकता:',
      event: ({ method, byAdministrator }) => `${methods.hi[method]}${byAdministrator ? ' (एडमिनिस्ट्रेटर द्वारा)' : ''}`,
      notYou: 'अगर आप ऐसा नहीं चाहते थे, तो पासवर्ड बदलें, सभी सत्र समाप्त करें और इसे फिर से जोड़ें।',
    },
  },
  'recovery-code-used': {
    en: {
      subject: 'A recovery code was used',
      severally: (count) => `${count} recovery codes were used`,
      opening:
        'A recovery code took the place of your second factor when your account was signed in to. Each works once.',
      event: ({ codesLeft }) => (codesLeft === 1 ? 'one code is left' : `${codesLeft} codes are left`),
      notYou: 'If it was not you: change your password, end all sessions, and make new recovery codes.',
    },
    hi: {
      subject: 'एक रिकवरी कोड इस्तेमाल हुआ',
      severally: (count) => `${count} रिकवरी कोड इस्तेमाल हुए`,
      opening: 'आपके खाते में साइन इन करते समय दूसरे चरण की जगह एक रिकवरी कोड डाला गया। हर कोड एक ही बार काम करता है।',
      event: ({ codesLeft }) => (codesLeft === 1 ? 'एक कोड बचा है' : `${codesLeft} कोड बचे हैं`),
      notYou: 'अगर यह आपने नहीं किया, तो पासवर्ड बदलें, सभी सत्र समाप्त करें और नए रिकवरी कोड बनाएँ।',
    },
  },
  'passkey-copied': {
    en: {
      subject: 'A passkey of yours may have been copied',
      severally: (count) => `A passkey that may have been copied was refused ${count} times`,
      opening:
        'A passkey of your account was refused. It counts how often it is used, and the number was lower than before: that can mean that somebody has a copy of it.',
      event: displayOrigin.en,
      notYou:
        'Whoever it was, nobody got in. Sign in another way, remove the passkey, and make a new one on a device that is yours alone.',
    },
    hi: {
      subject: 'हो सकता है कि आपकी एक पासकी की नकल बनाई गई हो',
      severally: (count) => `एक पासकी, जिसकी शायद नकल बनाई गई है, ${count} बार अस्वीकार की गई`,
      opening:
        'आपके खाते की एक पासकी अस्वीकार की गई। पासकी गिनती है कि वह कितनी बार इस्तेमाल हुई, और यह संख्या पहले से कम थी: हो सकता है कि किसी के पास उसकी नकल हो।',
      event: displayOrigin.hi,
      notYou:
        'चाहे वह कोई भी हो, कोई अंदर नहीं आ पाया। किसी दूसरे तरीके से साइन इन करें, उस पासकी को हटाएँ, और केवल अपने डिवाइस पर नई पासकी बनाएँ।',
    },
  },
  'refresh-token-reused': {
    en: {
      subject: 'A session was ended for safety',
      severally: (count) => `${count} sessions were ended for safety`,
      opening:
        'A sign-in of yours that had been renewed was used again in its old form. That can mean that it was copied from a device, so the session was ended.',
      event: displayOrigin.en,
      notYou:
        'If the device is yours, just sign in again. If you do not know it: change your password, and check the devices that you use.',
    },
    hi: {
      subject: 'सुरक्षा के लिए एक सत्र समाप्त किया गया',
      severally: (count) => `सुरक्षा के लिए ${count} सत्र समाप्त किए गए`,
      opening:
        'आपका एक साइन इन, जिसका नवीनीकरण हो चुका था, अपने पुराने रूप में दोबारा इस्तेमाल हुआ। हो सकता है कि उसे किसी डिवाइस से कॉपी किया गया हो, इसलिए वह सत्र समाप्त कर दिया गया।',
      event: displayOrigin.hi,
      notYou:
        'अगर यह आपका ही डिवाइस है, तो बस फिर से साइन इन करें। अगर आप इसे नहीं पहचानते, तो पासवर्ड बदलें और अपने डिवाइसों की जाँच करें।',
    },
  },
}
