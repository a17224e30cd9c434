import { maskedEmail } from './display.ts'
import type { NoticeTexts } from './notice-letter.ts'

/** Notices about the e-mail address of an account, and about others who tried it. */
export const addressNotices: {
  'email-change-requested': NoticeTexts<'email-change-requested'>
  'email-changed': NoticeTexts<'email-changed'>
  'registration-attempted': NoticeTexts<'registration-attempted'>
  'email-change-taken': NoticeTexts<'email-change-taken'>
} = {
  'email-change-requested': {
    en: {
      subject: 'Your e-mail address is to be changed',
      severally: (count) => `A change of your e-mail address was asked for ${count} times`,
      opening: 'Your account is to get another e-mail address. It changes only once the new one is confirmed.',
      event: ({ newEmail }) => `new address ${maskedEmail(newEmail)}`,
      notYou:
        'If it was not you: sign in, change your password and end all sessions. Should the address change all the same, a link that undoes it comes here.',
    },
    hi: {
      subject: 'आपका ईमेल पता बदलने का अनुरोध हुआ है',
      severally: (count) => `आपका ईमेल पता बदलने के ${count} अनुरोध हुए हैं`,
      opening: 'आपके खाते का ईमेल पता बदला जाना है। यह तभी बदलेगा जब नए पते की पुष्टि हो जाएगी।',
      event: ({ newEmail }) => `नया पता ${maskedEmail(newEmail)}`,
      notYou:
        'अगर यह आपने नहीं किया, तो साइन इन करें, पासवर्ड बदलें और सभी सत्र समाप्त करें। अगर पता फिर भी बदल जाए, तो बदलाव वापस लेने का लिंक यहीं आएगा।',
    },
  },
  'email-changed': {
    en: {
      subject: 'This is now the e-mail address of your account',
      severally: (count) => `The e-mail address of your account was changed ${count} times`,
      opening: 'From now on you sign in with this address, and mails about the account come here.',
      event: ({ oldEmail }) => `earlier address ${maskedEmail(oldEmail)}`,
      notYou: 'If it was not you, do not use the account: the owner of the earlier address can undo the change.',
    },
    hi: {
      subject: 'अब यही आपके खाते का ईमेल पता है',
      severally: (count) => `आपके खाते का ईमेल पता ${count} बार बदला गया`,
      opening: 'अब से आप इसी पते से साइन इन करेंगे, और खाते के बारे में ईमेल यहीं आएँगे।',
      event: ({ oldEmail }) => `पहले का पता ${maskedEmail(oldEmail)}`,
      notYou: 'अगर यह आपने नहीं किया, तो इस खाते का उपयोग न करें: पहले वाले पते का मालिक यह बदलाव वापस ले सकता है।',
    },
  },
  'registration-attempted': {
    en: {
      subject: 'You already have an account',
      severally: (count) => `You already have an account: ${count} attempts to open another`,
      opening:
        'Somebody tried to open an account with this e-mail address. It has one already, so no new one was opened, and nothing was changed.',
      event: () => '',
      advice:
        'If that was you: sign in with this address. If you forgot the password, choose “Forgot password” where you sign in.',
      notYou: 'If it was not you, you need to do nothing: nobody got into your account.',
    },
    hi: {
      subject: 'आपका खाता पहले से है',
      severally: (count) => `आपका खाता पहले से है: नया खाता खोलने की ${count} कोशिशें`,
      opening:
        'किसी ने इस ईमेल पते से खाता खोलने की कोशिश की। इस पते का खाता पहले से है, इसलिए नया खाता नहीं खोला गया और कुछ नहीं बदला गया।',
      event: () => '',
      advice: 'अगर यह आप थे, तो इसी पते से साइन इन करें। अगर पासवर्ड याद नहीं है, तो साइन इन पेज पर “पासवर्ड भूल गए” चुनें।',
      notYou: 'अगर यह आप नहीं थे, तो कुछ करने की ज़रूरत नहीं है: कोई आपके खाते में नहीं आ पाया।',
    },
  },
  'email-change-taken': {
    en: {
      subject: 'Somebody wanted to use your e-mail address',
      severally: (count) => `Somebody wanted to use your e-mail address ${count} times`,
      opening:
        'Somebody who is signed in to another account wanted to use this e-mail address for it. It belongs to your account, so nothing was changed.',
      event: () => '',
      advice: 'If that was you, you have two accounts: sign in with this address to use this one.',
      notYou: 'If it was not you, you need to do nothing: nobody got into your account.',
    },
    hi: {
      subject: 'किसी ने आपका ईमेल पता इस्तेमाल करना चाहा',
      severally: (count) => `आपका ईमेल पता इस्तेमाल करने की ${count} कोशिशें हुईं`,
      opening:
        'किसी दूसरे खाते में साइन इन किए हुए व्यक्ति ने उस खाते के लिए यह ईमेल पता इस्तेमाल करना चाहा। यह पता आपके खाते का है, इसलिए कुछ नहीं बदला गया।',
      event: () => '',
      advice: 'अगर यह आप थे, तो आपके दो खाते हैं: इस खाते के लिए इसी पते से साइन इन करें।',
      notYou: 'अगर यह आप नहीं थे, तो कुछ करने की ज़रूरत नहीं है: कोई आपके खाते में नहीं आ पाया।',
    },
  },
}
