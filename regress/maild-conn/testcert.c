#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "testcert.h"

EVP_PKEY *
testcert_key(enum testcert_kind kind)
{
	switch (kind) {
	case TESTCERT_EC:
		return EVP_EC_gen("P-256");
	case TESTCERT_RSA:
		return EVP_RSA_gen(2048);
	default:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
}

static char *
testcert_take(BIO *bio)
{
	char	*mem, *copy;
	long	 len;

	len = BIO_get_mem_data(bio, &mem);
	copy = strndup(mem, (size_t)len);
	BIO_free(bio);
	return copy;
}

char *
testcert_cert(EVP_PKEY *key, const char *name)
{
	X509		*x = X509_new();
	X509_NAME	*subject;
	X509_EXTENSION	*ext;
	BIO		*bio = BIO_new(BIO_s_mem());
	char		 alt[300];

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	subject = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, subject);
	snprintf(alt, sizeof(alt), "DNS:%s", name);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	X509_sign(x, key, EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? NULL :
	    EVP_sha256());
	PEM_write_bio_X509(bio, x);
	X509_free(x);
	return testcert_take(bio);
}

char *
testcert_keypem(EVP_PKEY *key)
{
	BIO	*bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	return testcert_take(bio);
}
