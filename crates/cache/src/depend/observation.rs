//! What a dependency was at a moment: a part for a key, comparable with what it is at another one.

use std::borrow::Cow;

use crate::{Change, Dependency, Digest, Key, KeyBuilder, Manifest, Part};

/// What a dependency was at a moment. Nothing secret is kept in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    dependency: Dependency,
    part: Part,
    manifest: Option<Manifest>,
}

impl Observation {
    /// Takes what `write` adds to a key.
    pub(super) fn of(dependency: &Dependency, write: impl FnOnce(&mut KeyBuilder)) -> Observation {
        Observation { dependency: dependency.clone(), part: KeyBuilder::single(write), manifest: None }
    }

    #[cfg(feature = "files")]
    pub(super) fn of_files(dependency: &Dependency, manifest: Manifest) -> Observation {
        let part = KeyBuilder::single(|key| _ = key.files(dependency.name(), &manifest));
        Observation { dependency: dependency.clone(), part, manifest: Some(manifest) }
    }

    /// Returns what was looked at.
    pub fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    /// Returns the part that it adds to a key.
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// Returns the files, if it is of files: to be stored with a result, so that a miss can name them.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// Adds it to a key.
    pub fn add_to(&self, key: &mut KeyBuilder) {
        key.push(self.part.clone());
    }

    /// Adds it to a key under another name.
    pub fn add_as(&self, name: impl Into<Cow<'static, str>>, key: &mut KeyBuilder) {
        key.push(Part { name: name.into(), ..self.part.clone() });
    }

    /// Returns the observation without the files that `globs` mean: what a value depends on, less what it makes. One that
    /// is of no files stays as it is.
    ///
    /// Fails if a glob is none of the project.
    #[cfg(feature = "files")]
    pub fn without(&self, globs: &[String]) -> Result<Observation, crate::Error> {
        let Some(manifest) = self.manifest.as_ref().filter(|_| !globs.is_empty()) else {
            return Ok(self.clone());
        };
        let manifest = manifest.without(globs)?;
        let part = Part { digest: manifest.digest(), ..self.part.clone() };
        Ok(Observation { dependency: self.dependency.clone(), part, manifest: Some(manifest) })
    }

    /// Says what changed since an older observation of the same dependency, if anything did.
    ///
    /// ```
    /// use segno_cache::{Dependency, Surroundings, Tags};
    ///
    /// let tags = Tags::beginning_with(1);
    /// let surroundings = Surroundings::new().tags(&tags);
    /// let users = Dependency::tag("users");
    /// let before = surroundings.moment().observe(&users).unwrap();
    /// tags.changed("users");
    /// let after = surroundings.moment().observe(&users).unwrap();
    /// assert_eq!(after.change_since(&before).unwrap().to_string(), "the tag users changed from `1` to `2`");
    /// ```
    pub fn change_since(&self, older: &Observation) -> Option<Change> {
        let key = |observation: &Observation| -> Key {
            let mut key = Key::builder("observation");
            observation.add_to(&mut key);
            key.finish()
        };
        let find = |digest: &Digest| {
            let manifests = [&older.manifest, &self.manifest].into_iter().flatten();
            manifests.into_iter().find(|manifest| manifest.digest() == *digest).cloned()
        };
        Change::between(&key(older), &key(self), find).into_iter().next()
    }
}
