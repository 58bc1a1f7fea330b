//! One hash at a time: argon2id on memory that is kept for the next one.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::password_hash::{Error, Result, try_generate_salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT_BYTES: usize = Params::DEFAULT_OUTPUT_LEN;

/// Argon2id with the 19 MiB that it works on.
///
/// Left to itself the crate takes them anew for each hash, and the allocator keeps what each thread
/// has given back: 20 log-ins then hold 200 MiB for good.
pub(super) struct Hasher {
    params: Params,
    blocks: Vec<Block>,
}

impl Hasher {
    pub(super) fn new() -> Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES))?;
        let blocks = vec![Block::new(); params.block_count()];
        Ok(Self { params, blocks })
    }

    /// The hash of a password as a PHC string, with a random salt.
    pub(super) fn hash(&mut self, password: &str) -> Result<String> {
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let salt = Salt::new(&try_generate_salt().map_err(|_| Error::Crypto)?)?;
        let mut output = [0; OUTPUT_BYTES];
        let argon2 = Argon2::new(algorithm, version, self.params.clone());
        self.run(&argon2, password, &salt, &mut output)?;
        let hash = PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: (&self.params).try_into()?,
            salt: Some(salt),
            hash: Some(Output::new(&output)?),
        };
        Ok(hash.to_string())
    }

    /// Whether `stored` is the hash of `password`, whatever its parameters.
    pub(super) fn verify(&mut self, password: &str, stored: &str) -> Result<bool> {
        let stored = PasswordHash::new(stored)?;
        let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Ok(false) };
        let algorithm = stored.algorithm.as_str().try_into()?;
        let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&stored)?);
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..expected.len()).ok_or(Error::OutputSize)?;
        self.run(&argon2, password, salt, output)?;
        // Compares in constant time.
        Ok(*expected == Output::new(output)?)
    }

    fn run(&mut self, argon2: &Argon2<'_>, text: &str, salt: &[u8], out: &mut [u8]) -> Result<()> {
        let text = text.as_bytes();
        match self.blocks.get_mut(..argon2.params().block_count()) {
            Some(blocks) => argon2.hash_password_into_with_memory(text, salt, out, blocks)?,
            // A hash from elsewhere, which takes more.
            None => argon2.hash_password_into(text, salt, out)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    #[test]
    fn hashes_are_those_of_the_crate_whatever_their_parameters() {
        let mut hasher = Hasher::new().unwrap();
        let own = hasher.hash("비밀").unwrap();
        assert!(Argon2::default().verify_password("비밀".as_bytes(), own.as_str()).is_ok());
        for (kib, passes, bytes) in [(8, 1, 16), (19_456, 2, 32), (32_768, 1, 64)] {
            let params = Params::new(kib, passes, 1, Some(bytes)).unwrap();
            for algorithm in [Algorithm::Argon2id, Algorithm::Argon2i] {
                let argon2 = Argon2::new(algorithm, Version::V0x13, params.clone());
                let stored = argon2.hash_password(b"right").unwrap().to_string();
                assert!(hasher.verify("right", &stored).unwrap(), "{stored}");
                assert!(!hasher.verify("wrong", &stored).unwrap(), "{stored}");
            }
        }
    }

    #[test]
    fn a_broken_hash_is_a_fault_and_one_without_output_fits_nothing() {
        let mut hasher = Hasher::new().unwrap();
        for broken in ["", "plain", "$argon2id$v=19$m=1,t=2,p=1$AAAAAAAAAAAAAAAA$AAAA", "$md5$AA"] {
            assert!(hasher.verify("", broken).is_err(), "{broken}");
        }
        assert!(!hasher.verify("", "$argon2id$v=19$m=19456,t=2,p=1").unwrap());
    }
}
