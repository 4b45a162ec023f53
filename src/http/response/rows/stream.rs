//! Streamed responses of rows. A response holds one page of rows and one chunk, whatever the length of the list.

use std::pin::Pin;
use std::rc::Rc;
use std::vec;

use actix_web::http::{Method, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::{self, Stream, StreamExt};

use super::Row;
use super::encode::{self, End};
use super::format::{RowFormat, add_vary};
use crate::http::problem::Problem;
use crate::http::request_context::RequestContext;
use crate::http::response::HandlerResult;
use crate::http::response::cache_headers::vary;

/// Size from which on a chunk is sent, in bytes.
const CHUNK_BYTES: usize = 32 * 1024;

/// Page of rows.
#[derive(Debug)]
pub struct RowPage<R> {
    /// Rows.
    pub rows: Vec<R>,
    /// Reason why rows are missing after this page, which then is the last one; `None` if none are missing.
    pub incomplete: Option<String>,
}

/// Responds with the rows of `pages`. The next page is requested when the client has read the one before; it is not requested any more when the
/// client has left. An error of the first page is the response; one of a later page ends the list, and is in its last line.
///
/// `file_name` is the name of the file, without extension, under which browsers save the list.
///
/// # Errors
/// The error of the first page.
pub async fn rows_response<R: Row + 'static>(
    request: &HttpRequest,
    format: RowFormat,
    file_name: &str,
    pages: impl Stream<Item = Result<RowPage<R>, Problem>> + 'static,
) -> HandlerResult {
    let mut pages: Pages<R> = Box::pin(pages);
    let first = pages.next().await.transpose()?;
    let mut head = HttpResponse::Ok();
    head.content_type(format.content_type())
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::VARY, vary(request)))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file_name}.{}\"", format.extension()),
        ));
    let mut response = if request.method() == Method::HEAD {
        // The empty stream as the body, not no body, keeps the framing headers those of GET.
        head.streaming(stream::empty::<Result<Bytes, actix_web::Error>>())
    } else {
        let stream = RowStream {
            format,
            rows: Vec::new().into_iter(),
            incomplete: None,
            pages: Some(Box::pin(stream::iter(first.map(Ok)).chain(pages))),
            head: encode::head::<R>(format),
            row_count: 0,
            context: RequestContext::current(),
        };
        head.streaming(stream::unfold(stream, |mut stream| async move {
            let chunk = stream.next_chunk().await?;
            Some((Ok::<_, actix_web::Error>(chunk), stream))
        }))
    };
    add_vary(&mut response);
    Ok(response)
}

type Pages<R> = Pin<Box<dyn Stream<Item = Result<RowPage<R>, Problem>>>>;

/// Body of a streamed list.
struct RowStream<R> {
    format: RowFormat,
    /// Rows of the current page that are not yet written.
    rows: vec::IntoIter<R>,
    /// Reason why rows are missing after the current page.
    incomplete: Option<String>,
    /// Further pages; `None` after the last one.
    pages: Option<Pages<R>>,
    /// What precedes the next row.
    head: Vec<u8>,
    /// Number of rows written.
    row_count: u64,
    /// Context of the request, for a problem at the end.
    context: Rc<RequestContext>,
}

impl<R: Row> RowStream<R> {
    /// Returns the next chunk; `None` at the end.
    async fn next_chunk(&mut self) -> Option<Bytes> {
        let mut chunk = std::mem::take(&mut self.head);
        while chunk.len() < CHUNK_BYTES {
            self.row_count += encode::append(self.format, &mut chunk, &mut self.rows, CHUNK_BYTES);
            if chunk.len() >= CHUNK_BYTES {
                break;
            }
            let Some(pages) = &mut self.pages else { break };
            let next = match self.incomplete.take() {
                Some(reason) => Err(self.tail(&End::Incomplete(&reason))),
                None => match pages.next().await {
                    Some(Ok(page)) => Ok(page),
                    Some(Err(problem)) => Err(self.tail(&End::Failed(problem.document(&self.context)))),
                    None => Err(self.tail(&End::Complete)),
                },
            };
            match next {
                Ok(page) => (self.rows, self.incomplete) = (page.rows.into_iter(), page.incomplete),
                Err(tail) => {
                    self.pages = None;
                    chunk.extend(tail);
                }
            }
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }

    fn tail(&self, end: &End<'_>) -> Vec<u8> {
        encode::tail::<R>(self.format, end, self.row_count)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell as Counter;
    use std::rc::Rc;

    use super::super::Cell;
    use super::*;

    struct Name(String);

    impl Row for Name {
        const COLUMNS: &'static [&'static str] = &["name", "size"];

        fn write_json(&self, line: &mut Vec<u8>) {
            serde_json::to_writer(line, &self.0).expect("a string");
        }

        fn cells(&self) -> Vec<Cell<'_>> {
            vec![Cell::text(Some(&self.0)), Cell::Number(1)]
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "an item of the stream")]
    fn page(names: &[&str], incomplete: Option<&str>) -> Result<RowPage<Name>, Problem> {
        let rows = names.iter().map(|name| Name((*name).to_owned())).collect();
        Ok(RowPage { rows, incomplete: incomplete.map(str::to_owned) })
    }

    async fn written(format: RowFormat, pages: Vec<Result<RowPage<Name>, Problem>>) -> String {
        let mut stream = RowStream {
            format,
            rows: Vec::new().into_iter(),
            incomplete: None,
            pages: Some(Box::pin(stream::iter(pages))),
            head: encode::head::<Name>(format),
            row_count: 0,
            context: RequestContext::current(),
        };
        let mut text = String::new();
        while let Some(chunk) = stream.next_chunk().await {
            text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
        text
    }

    #[tokio::test]
    async fn csv_has_a_header_and_quotes_and_says_only_that_it_is_incomplete() {
        let pages = vec![page(&["a", "b,\"c\""], None), page(&[], None), page(&["=1"], None)];
        assert_eq!(written(RowFormat::Csv, pages).await, "name,size\r\na,1\r\n\"b,\"\"c\"\"\",1\r\n'=1,1\r\n");
        assert_eq!(written(RowFormat::Csv, vec![]).await, "name,size\r\n");
        let pages = vec![page(&["a"], Some("cut off")), page(&["b"], None)];
        assert_eq!(written(RowFormat::Csv, pages).await, "name,size\r\na,1\r\n#incomplete,cut off\r\n");
    }

    #[tokio::test]
    async fn the_last_line_of_ndjson_says_whether_it_is_complete() {
        let pages = vec![page(&["a\n"], None), page(&["b"], None)];
        assert_eq!(written(RowFormat::Ndjson, pages).await, "\"a\\n\"\n\"b\"\n{\"complete\":true,\"rows\":2}\n");
        let pages = vec![page(&["a"], Some("cut off"))];
        let expected = "\"a\"\n{\"complete\":false,\"rows\":1,\"reason\":\"cut off\"}\n";
        assert_eq!(written(RowFormat::Ndjson, pages).await, expected);
        let text = written(RowFormat::Ndjson, vec![page(&["a"], None), Err(Problem::overloaded())]).await;
        let last: serde_json::Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
        assert_eq!((&last["complete"], &last["problem"]["code"]), (&false.into(), &"overloaded".into()), "{text}");
    }

    #[tokio::test]
    async fn pages_are_requested_as_the_list_is_read() {
        let requested = Rc::new(Counter::new(0));
        let counter = Rc::clone(&requested);
        let pages = stream::repeat_with(move || {
            counter.set(counter.get() + 1);
            page(&["a name"; 1000], None)
        });
        let mut stream = RowStream {
            format: RowFormat::Ndjson,
            rows: Vec::new().into_iter(),
            incomplete: None,
            pages: Some(Box::pin(pages)),
            head: Vec::new(),
            row_count: 0,
            context: RequestContext::current(),
        };
        let chunk = stream.next_chunk().await.expect("a chunk");
        assert!((CHUNK_BYTES..CHUNK_BYTES + 100).contains(&chunk.len()), "{} bytes", chunk.len());
        assert_eq!(requested.get(), 4, "9 bytes a row");
    }
}
