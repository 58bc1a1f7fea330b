//! Encryption: rustls around the bytes of a session.

use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use super::conn::pour;
use anyhow::{Context as _, ensure};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, Error, RootCertStore};

/// Whom to trust, and what the server must be called.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The certificates of a file that others are signed with.
///
/// # Errors
/// If it cannot be read, or holds no certificate.
pub fn authorities(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file)
        .with_context(|| format!("--ca {}", file.display()))?
        .collect();
    let found = found.with_context(|| format!("--ca {}", file.display()))?;
    ensure!(!found.is_empty(), "--ca {}: there is no certificate in it (PEM)", file.display());
    Ok(found)
}

impl Tls {
    /// Trusts the authorities of a file, or without one those of Mozilla.
    ///
    /// # Errors
    /// If the file or the name is no good.
    pub fn new(host: &str, ca: Option<&Path>) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        match ca {
            Some(file) => {
                for authority in authorities(file)? {
                    roots.add(authority).with_context(|| format!("--ca {}", file.display()))?;
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).with_context(|| format!("--address: {host}"))?;
        Ok(Self { config: Arc::new(config), name })
    }

    /// The encryption of a new session.
    pub(super) fn session(&self) -> Result<Box<Cipher>, String> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
            .map(|connection| Box::new(Cipher(connection)))
            .map_err(|error| words(&error))
    }
}

/// What encrypts one session.
pub(super) struct Cipher(ClientConnection);

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

impl Cipher {
    /// Takes bytes of the wire, and appends what they say.
    pub fn decrypt(&mut self, mut bytes: &[u8], plain: &mut Vec<u8>) -> Result<(), String> {
        while !bytes.is_empty() {
            self.0.read_tls(&mut bytes).map_err(|error| error.to_string())?;
            self.0.process_new_packets().map_err(|error| words(&error))?;
            match self.0.reader().read_to_end(plain) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }

    /// Whether the wire is to hear something.
    pub fn wants_write(&self) -> bool {
        self.0.wants_write()
    }

    /// Whether nothing can be said yet.
    pub fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// Writes what there is, and encrypts more only when all before it is on the wire.
    pub fn write(&mut self, out: &mut Vec<u8>, socket: &mut TcpStream) -> std::io::Result<usize> {
        let mut written = self.drain(socket)?;
        if !out.is_empty() && !self.wants_write() && !self.is_handshaking() {
            let taken = self.0.writer().write(out)?;
            out.drain(..taken);
            written += self.drain(socket)?;
        }
        Ok(written)
    }

    fn drain(&mut self, socket: &mut TcpStream) -> std::io::Result<usize> {
        pour(|_| self.0.wants_write().then(|| self.0.write_tls(socket)))
    }
}

/// What is wrong, and what to do about it.
fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the certificate is signed by nobody who is trusted here; give its authority by --ca FILE"
                .to_owned()
        }
        Error::InvalidCertificate(CertificateError::NotValidForName)
        | Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }) => {
            format!("the certificate is for another name than that of --address ({error})")
        }
        Error::InvalidCertificate(CertificateError::Expired)
        | Error::InvalidCertificate(CertificateError::ExpiredContext { .. }) => {
            "the certificate has expired".to_owned()
        }
        Error::InvalidMessage(_) => {
            format!("the server speaks no TLS on this port ({error})")
        }
        other => other.to_string(),
    }
}
