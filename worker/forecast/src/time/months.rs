//! Months such as `01.2031` and `2031.01`, which could be read as decimal numbers.

use super::recognise::nearly_all;

/// Years of such months.
const YEARS: std::ops::RangeInclusive<i32> = 1_800..=2_200;

/// Returns `true` if nearly all cells of a column are months with a point, and these months go one way: as numbers, `12.2031`
/// would be far from `01.2032`. A column in which the month never changes holds numbers.
pub fn are_months<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
	let (mut months, mut count) = (Vec::new(), 0);
	for cell in cells {
		months.extend(month(cell));
		count += 1;
		// A column of other numbers ends here.
		if count == 100 && !nearly_all(months.len(), count) {
			return false;
		}
	}
	let one_way = |sign: i32| months.windows(2).filter(|pair| (pair[1] - pair[0]).signum() == sign).count();
	let changes = months.windows(2).any(|pair| (pair[1] - pair[0]) % 12 != 0);
	months.len() >= 3 && changes && nearly_all(months.len(), count) && nearly_all(one_way(1).max(one_way(-1)), months.len() - 1)
}

/// Returns the number of a month, counted from the year 0.
fn month(cell: &str) -> Option<i32> {
	let (first, last) = cell.trim().split_once('.')?;
	let (year, month) = match (first.len(), last.len()) {
		(4, 2) => (first, last),
		(1 | 2, 4) => (last, first),
		_ => return None,
	};
	let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok()).flatten();
	let (year, month) = (number(year)?, number(month)?);
	(YEARS.contains(&year) && (1..=12).contains(&month)).then_some(year * 12 + month - 1)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn months_with_a_point_go_one_way_and_change() {
		for months in [
			&["01.2031", "02.2031", "03.2031"][..],
			&["11.2031", "12.2031", "01.2032", "02.2032"],
			&["2031.03", "2031.06", "2031.09", "2031.12", "2032.03"],
			&["3.2031", "2.2031", "1.2031", "12.2030"],
		] {
			assert!(are_months(months.iter().copied()), "{months:?}");
		}
		for numbers in [
			&[][..],
			&["01.2031", "02.2031"],
			&["1.1800", "1.1801", "1.1802"],
			&["4.2000", "4.1995", "4.1990"],
			&["2031.04", "2031.29", "2031.37"],
			&["2031.11", "2031.02", "2031.07", "2031.01"],
			&["13.2031", "14.2031", "15.2031"],
			&["1.234", "2.345", "3.456"],
		] {
			assert!(!are_months(numbers.iter().copied()), "{numbers:?}");
		}
	}
}
