# Sendmail 8.17 looks for wildcard certificates in FEATURE(sts) and never finds one: mail for hosts
# that have one would wait forever under an enforced policy. This mends the rules in a built
# sendmail.cf; it changes nothing where they are already right:
#
#   sed -i -f wildcards.sed /etc/mail/sendmail.cf
#
/^SSTS_SAN$/,/^SSTS_secure$/ {
  s/^\(R\$-\.\$+[[:space:]]*\$: \)\$2$/\1*.$2/
  s/^R \*\.\(\$={cert_altnames}\)/R\1/
}
