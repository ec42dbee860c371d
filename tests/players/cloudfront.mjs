// Signs URLs and cookies as @aws-sdk/cloudfront-signer does.
//
// Takes {"key": PEM, "key_pair_id", "cases": [{"url", "policy" | "until", "from", "ip", "algorithm"}]}; prints
// [{"url", "cookies"}]. Times are in seconds.

import { getSignedCookies, getSignedUrl } from "@aws-sdk/cloudfront-signer";

let text = "";
for await (const piece of process.stdin) text += piece;
const given = JSON.parse(text);
// A number would be milliseconds.
const at = (seconds) => seconds && new Date(seconds * 1000);
const signed = given.cases.map(({ url, policy, until, from, ip, algorithm }) => {
  const wish = policy ? { url, policy } : { url, dateLessThan: at(until), dateGreaterThan: at(from), ipAddress: ip };
  const all = { ...wish, algorithm, privateKey: given.key, keyPairId: given.key_pair_id };
  return { url: getSignedUrl(all), cookies: getSignedCookies(all) };
});
process.stdout.write(JSON.stringify(signed));
