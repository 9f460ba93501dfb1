/** Tells by the codes of Node.js and OpenSSL whether it was a certificate that ended a connection. */

/** The certificate that the other side shows is not believed: unknown authority, other name, expired. */
const NOT_BELIEVED =
  /^(?:ERR_TLS_CERT_|CERT_|UNABLE_TO_(?:GET_ISSUER|VERIFY)|SELF_SIGNED_|DEPTH_ZERO_SELF_SIGNED|HOSTNAME_MISMATCH)/;

/** The other side has ended the handshake: it does not believe our certificate, or wants one. */
const REFUSED_OURS = /^ERR_SSL_.*ALERT_.*(?:CERTIFICATE|UNKNOWN_CA)/;

export function isCertificateNotBelieved(code: string | undefined): boolean {
  return NOT_BELIEVED.test(code ?? '');
}

export function isOwnCertificateRefused(code: string | undefined): boolean {
  return REFUSED_OURS.test(code ?? '');
}
