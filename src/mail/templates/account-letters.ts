import type { LetterTexts } from './letter.ts'
import type { RequestedMailData } from './mail-data.ts'

type Others = Exclude<
  keyof RequestedMailData,
  'verify-email' | 'reset-password' | 'confirm-email' | 'undo-email' | 'accept-invitation' | 'team-invitation'
>

/** Mails without a link that are not security notices of an account in use. */
export const accountLetters: { [K in Others]: LetterTexts<RequestedMailData[K]> } = {
  'email-change-undone': {
    en: (_, { brand }) => ({
      subject: 'A change of e-mail address was undone',
      paragraphs: [
        'The owner of the earlier e-mail address took the change to this one back. This address no longer belongs to the account, and all of its devices were signed out.',
      ],
      why: `You get this mail because this was the e-mail address of an account at ${brand.name} until now.`,
      notYou: 'If you did not expect this, sign in with the earlier address: a link for a new password was sent there.',
    }),
    hi: (_, { brand }) => ({
      subject: 'ईमेल पते का बदलाव वापस लिया गया',
      paragraphs: [
        'पहले वाले ईमेल पते के मालिक ने इस पते पर हुआ बदलाव वापस ले लिया है। यह पता अब उस खाते का नहीं है, और खाते के सभी डिवाइस साइन आउट कर दिए गए हैं।',
      ],
      why: `आपको यह ईमेल इसलिए मिला है क्योंकि अब तक ${brand.name} के एक खाते का ईमेल पता यही था।`,
      notYou: 'अगर आपको इसकी उम्मीद नहीं थी, तो पहले वाले पते से साइन इन करें: नए पासवर्ड का लिंक वहीं भेजा गया है।',
    }),
  },
  'inactive-account': {
    en: ({ lastNotice, eraseAt }, { brand, day }) => ({
      subject: lastNotice
        ? `Last reminder: your account will be deleted on ${day(eraseAt)}`
        : `Your account will be deleted on ${day(eraseAt)}`,
      paragraphs: [
        `Your account at ${brand.name} has not been used for a long time. On ${day(eraseAt)} it will be deleted with all that is in it. That cannot be undone.`,
        'To keep it, sign in once before then. You can also download your data there.',
      ],
      why: `You get this mail because ${brand.name} keeps no data of accounts that nobody uses.`,
      notYou: 'If you do not need the account any more, you need to do nothing.',
    }),
    hi: ({ lastNotice, eraseAt }, { brand, day }) => ({
      subject: lastNotice
        ? `आखिरी सूचना: आपका खाता ${day(eraseAt)} को हटा दिया जाएगा`
        : `आपका खाता ${day(eraseAt)} को हटा दिया जाएगा`,
      paragraphs: [
        `${brand.name} पर आपका खाता लंबे समय से इस्तेमाल नहीं हुआ है। ${day(eraseAt)} को यह खाता और इसकी सारी जानकारी हटा दी जाएगी। इसे वापस नहीं लिया जा सकेगा।`,
        'खाता बनाए रखने के लिए उससे पहले एक बार साइन इन करें। वहाँ से आप अपना डेटा डाउनलोड भी कर सकते हैं।',
      ],
      why: `आपको यह ईमेल इसलिए मिला है क्योंकि ${brand.name} उन खातों का डेटा नहीं रखता जिनका कोई उपयोग नहीं करता।`,
      notYou: 'अगर आपको इस खाते की ज़रूरत नहीं है, तो कुछ करने की ज़रूरत नहीं है।',
    }),
  },
  'account-erased': {
    en: ({ at, by }, { brand, time }) => ({
      subject: 'Your account was deleted',
      paragraphs: [
        `Your account at ${brand.name} was deleted on ${time(at)}, and your personal data with it. That cannot be undone.`,
      ],
      why: {
        person: 'You get this mail because somebody who was signed in to the account deleted it.',
        administrator: 'You get this mail because an administrator deleted the account.',
        inactivity: 'You get this mail because the account was not used for a long time, as we wrote to you before.',
      }[by],
      notYou:
        'If you did not want that, somebody may know your passwords: change the one of your mailbox. You can open a new account with this address. This is the last mail about the old one.',
    }),
    hi: ({ at, by }, { brand, time }) => ({
      subject: 'आपका खाता हटा दिया गया है',
      paragraphs: [
        `${brand.name} पर आपका खाता ${time(at)} पर हटा दिया गया, और उसके साथ आपका निजी डेटा भी। इसे वापस नहीं लिया जा सकता।`,
      ],
      why: {
        person: 'आपको यह ईमेल इसलिए मिला है क्योंकि खाते में साइन इन किए हुए किसी व्यक्ति ने उसे हटाया है।',
        administrator: 'आपको यह ईमेल इसलिए मिला है क्योंकि एडमिनिस्ट्रेटर ने खाता हटाया है।',
        inactivity: 'आपको यह ईमेल इसलिए मिला है क्योंकि खाता लंबे समय से इस्तेमाल नहीं हुआ था; इसकी सूचना हमने आपको पहले दी थी।',
      }[by],
      notYou:
        'अगर आप ऐसा नहीं चाहते थे, तो हो सकता है कि किसी को आपके पासवर्ड पता हों: अपने मेलबॉक्स का पासवर्ड बदलें। इस पते से आप नया खाता खोल सकते हैं। पुराने खाते के बारे में यह आखिरी ईमेल है।',
    }),
  },
}
